/** Connections in the dashboard, in a real browser: credentials of every kind, saved, tested, changed, and in steps. */
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type Dashboard, picture, startDashboard } from '../support/dashboard.ts';
import { writeBundle } from '../support/folders.ts';
import { installed } from '../support/runtime.ts';
import { kinds, SECRET, secrets } from './connection-kinds.ts';
import { add, connectionsOf, fill, keySteps, openRecords, press, startApplication } from './connection-scene.ts';

const LONG_MS = 120_000;

let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await startDashboard({ environment: { BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1' } });
}, LONG_MS);
afterAll(() => dashboard?.close());

test('credentials of every kind are tested, saved and arrive at the application', { timeout: LONG_MS }, async () => {
  const scene = await openRecords(dashboard);
  const { page, application } = scene;
  const dialog = page.getByRole('dialog');
  for (const [name, kind] of Object.entries(kinds)) {
    application.received.length = 0;
    await press(page, 'Add connection');
    const { Type = 'HTTP', ...fields } = kind.fields;
    await fill(dialog, { Name: name, Type, Address: application.url, 'Path for tests': '/me', ...fields });
    if (kind.key) await press(page, 'Add API key');
    await fill(dialog, kind.key ?? {});
    await press(page, 'Test connection');
    await dialog.getByText('The connection is online. The application answered with status 200:').waitFor();
    await dialog.getByText('"hello":"application"').waitFor();
    expect(await connectionsOf(scene)).not.toContainEqual(expect.objectContaining({ name }));
    await press(page, 'Save');
    await press(page, `Test ${name}`);
    await page.getByText(`${name} is online. The application answered with status 200`).waitFor();
    const isRead = kind.arrives.method !== 'POST';
    expect(application.received, name).toHaveLength(isRead ? 3 : 2);
    for (const request of application.received) expect(request, name).toMatchObject(kind.arrives);
    expect((await connectionsOf(scene)).at(-1), name).toMatchObject(kind.saved);
    const content = await page.content();
    for (const secret of secrets) expect(content).not.toContain(secret);
  }
  await picture(page, 'connection-kinds');
});

test('keys that a connector has described keep its labels and headers', {
  timeout: LONG_MS,
}, async () => {
  const scene = await openRecords(dashboard);
  const { page, application } = scene;
  const dialog = page.getByRole('dialog');
  const connectors = {
    headers: [{ name: 'Accept', value: 'text/csv' }],
    encrypted: { shopKey: 'key-of-the-shop' },
    encryptedFields: [{ id: 'shopKey', label: 'Key of the shop', helpText: 'From the page “API”.', required: true }],
    auth: { type: 'custom' },
  };
  await add(scene, { name: 'Theirs', type: 'http', http: { baseURI: application.url, ...connectors } });
  await press(page, 'Edit Theirs');
  await dialog.getByRole('group', { name: 'Key of the shop' }).getByText('From the page “API”.').waitFor();
  await dialog.getByText('{{connection.http.encrypted.shopKey}}').waitFor();
  await fill(dialog, { 'Sent in': 'A header', Header: 'X-Shop' });
  await picture(page, 'connection-keys');
  await press(page, 'Save');
  await dialog.waitFor({ state: 'detached' });
  await press(page, 'Test Theirs');
  await vi.waitFor(() =>
    expect(application.received.at(-1)?.headers).toMatchObject({ 'x-shop': 'key-of-the-shop', accept: 'text/csv' }),
  );
  await press(page, 'Edit Theirs');
  await press(page, 'Remove Key of the shop');
  await press(page, 'Save');
  await dialog.waitFor({ state: 'detached' });
  const [{ http }] = await connectionsOf(scene);
  expect([http.encrypted, http.encryptedFields, http.headers]).toEqual([
    {},
    [],
    [{ name: 'Accept', value: 'text/csv' }],
  ]);
});

test('a wrapper connection has the fields that its connector names', { timeout: LONG_MS }, async () => {
  const scene = await openRecords(dashboard);
  const { page } = scene;
  const dialog = page.getByRole('dialog');
  await press(page, 'Add connection');
  await fill(dialog, {
    Name: 'Wrapper',
    Type: 'The connector’s own code (wrapper)',
    'Function that tests it': 'pingShop',
  });
  await dialog.getByLabel('Name of a new setting').fill('shop');
  await page.keyboard.press('Enter');
  await dialog.getByLabel('Name of a new credential').fill('shop.key');
  await press(page, 'Add credential');
  await fill(dialog, { shop: 'flowers', 'shop.key': 'key-of-ada' });
  await picture(page, 'connection-wrapper');
  await press(page, 'Save');
  await dialog.waitFor({ state: 'detached' });
  expect(await connectionsOf(scene)).toMatchObject([
    {
      type: 'wrapper',
      wrapper: {
        pingFunction: 'pingShop',
        unencrypted: { shop: 'flowers' },
        unencryptedFields: [{ id: 'shop', label: 'shop' }],
        encrypted: { 'shop.key': '******' },
        encryptedFields: [{ id: 'shop.key', label: 'shop.key' }],
      },
    },
  ]);
  await press(page, 'Test Wrapper');
  await page.getByText('Only the connector’s own code can use this connection.').waitFor();
  await press(page, 'Edit Wrapper');
  await fill(dialog, { shop: 'trees' });
  await press(page, 'Save');
  await dialog.waitFor({ state: 'detached' });
  expect((await connectionsOf(scene))[0].wrapper).toMatchObject({
    unencrypted: { shop: 'trees' },
    encrypted: { 'shop.key': '******' },
  });
});

test('a step asks for the values alone, by the labels of the connector', { timeout: LONG_MS }, async () => {
  const application = await startApplication();
  await writeBundle(dashboard.connectors, 'key-steps', keySteps(application.url));
  await dashboard.settle('key-steps', '1.0.0');
  const integrationId = await installed(dashboard.client, 'key-steps');
  const page = await dashboard.open(`#/integrations/${integrationId}/setup`);
  onTestFinished(() => page.context().close());
  await page.getByLabel('Key of the shop').fill('token-4711');
  expect(await page.getByRole('button', { name: /^(Remove|Add)/ }).count()).toBe(0);
  expect(await page.getByLabel('Address').getAttribute('readonly')).not.toBe(null);
  await press(page, 'Save and verify');
  await page.getByText('1 of 2 steps done').waitFor();
  await page.getByLabel('Host').waitFor();
  expect(await page.locator('.step-body input').evaluateAll(labelsOf)).toEqual(['Port', 'Host', 'Key of the shop']);
  expect(await page.getByLabel('Port').inputValue()).toBe('8080');
  await fill(page.getByRole('main'), { Host: 'shop.example', 'Key of the shop': SECRET });
  await press(page, 'Save and verify');
  await page.getByText('Setup is complete.').waitFor();
  const [keyed, wrapped] = await connectionsOf({ dashboard, integrationId });
  expect(wrapped.wrapper).toMatchObject({
    unencrypted: { port: 8080, host: 'shop.example' },
    encrypted: { shopKey: '******' },
  });
  await dashboard.client('GET', `/connections/${keyed._id}/ping`);
  expect(application.received.at(-1)?.headers['x-shop']).toBe('token-4711');
});

/** What the inputs are called, in their order on the page. */
const labelsOf = (inputs: { readonly labels: Iterable<{ readonly textContent: string }> | null }[]): string[] =>
  inputs.flatMap(({ labels }) => [...(labels ?? [])].map(({ textContent }) => textContent));

test('an edit keeps credentials and unknown fields; another address asks for credentials again', {
  timeout: LONG_MS,
}, async () => {
  const scene = await openRecords(dashboard);
  const { page, application } = scene;
  const dialog = page.getByRole('dialog');
  const unknown = {
    concurrencyLevel: 5,
    http: { formType: 'x', auth: { failStatusCode: 401 }, rateLimit: { limit: [1] } },
  };
  const id = await add(scene, {
    name: 'Kept',
    type: 'http',
    concurrencyLevel: 5,
    http: {
      ...unknown.http,
      baseURI: `${application.url}/v1`,
      auth: { ...unknown.http.auth, type: 'basic', basic: { username: 'ada', password: SECRET } },
    },
  });
  const before = (await dashboard.client('GET', `/connections/${id}`)).body;
  await press(page, 'Edit Kept');
  expect(await dialog.getByLabel('Password').inputValue()).toBe('');
  await dialog.getByLabel('Password').fill('typed and deleted');
  await dialog.getByLabel('Password').fill('');
  await fill(dialog, { Name: ' Still kept ', Address: `${application.url}/v2` });
  await press(page, 'Save');
  await press(page, 'Test Still kept');
  await page.getByText('Online (200)').waitFor();
  expect(application.received[0]).toMatchObject({
    url: '/v2',
    headers: { authorization: `Basic ${Buffer.from(`ada:${SECRET}`).toString('base64')}` },
  });
  const after = (await dashboard.client('GET', `/connections/${id}`)).body;
  const http = { ...before.http, baseURI: `${application.url}/v2` };
  expect({ ...after, lastModified: before.lastModified }).toEqual({ ...before, name: 'Still kept', http });

  const other = await startApplication();
  await press(page, 'Edit Still kept');
  await fill(dialog, { Address: other.url });
  await dialog.getByText('The address leads to another server. Enter the credentials again.').waitFor();
  await picture(page, 'connection-moved');
  await press(page, 'Save');
  await dialog.getByRole('alert').getByText('leads to another server. Enter the credentials again.').waitFor();
  await fill(dialog, { 'User name': 'eve', Password: 'other' });
  await press(page, 'Save');
  await dialog.waitFor({ state: 'detached' });
  await press(page, 'Test Still kept');
  await vi.waitFor(() =>
    expect(other.received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('eve:other').toString('base64')}`),
  );
});

test('no page had errors', () => {
  expect(dashboard.faults).toEqual([]);
});
