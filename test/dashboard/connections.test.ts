/** Connections in the dashboard, in a real browser: credentials of every kind, tests, changes and deletion. */

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type Dashboard, picture, startDashboard } from '../support/dashboard.ts';
import { kinds, SECRET, secrets } from './connection-kinds.ts';
import { type Application, fill, press, startApplication } from './connection-scene.ts';
import { expectAccessible } from './form-page.ts';

const LONG_MS = 120_000;

let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await startDashboard({ environment: { BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1' } });
}, LONG_MS);
afterAll(() => dashboard?.close());

interface Scene {
  readonly page: Page;
  readonly integrationId: string;
  readonly application: Application;
}

async function open(): Promise<Scene> {
  const application = await startApplication();
  const { body } = await dashboard.client('POST', '/integrations', { name: 'By hand' });
  const page = await dashboard.open(`#/integrations/${body._id}/records`);
  onTestFinished(() => page.context().close());
  return { page, integrationId: body._id, application };
}

const add = async ({ integrationId }: Scene, record: object): Promise<string> => {
  const reply = await dashboard.client('POST', '/connections', { _integrationId: integrationId, ...record });
  expect(reply.status, reply.text).toBe(201);
  return reply.body._id;
};
const connectionsOf = async ({ integrationId }: Scene) =>
  (await dashboard.client('GET', `/connections?_integrationId=${integrationId}`)).body;

test('credentials of every kind are tested, saved and arrive at the application', { timeout: LONG_MS }, async () => {
  const scene = await open();
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
  const scene = await open();
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
  const scene = await open();
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

test('an edit keeps credentials and unknown fields; another address asks for credentials again', {
  timeout: LONG_MS,
}, async () => {
  const scene = await open();
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
  await dialog.getByText('Saving failed.').waitFor();
  await fill(dialog, { 'User name': 'eve', Password: 'other' });
  await press(page, 'Save');
  await dialog.waitFor({ state: 'detached' });
  await press(page, 'Test Still kept');
  await vi.waitFor(() =>
    expect(other.received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('eve:other').toString('base64')}`),
  );
});

test('a failing test says why, as text, and never shows a credential', { timeout: LONG_MS }, async () => {
  const scene = await open();
  const { page, application } = scene;
  const token = 'token-of-ada-4711';
  await add(scene, {
    name: 'Bücher',
    type: 'http',
    http: { baseURI: application.url, auth: { type: 'token', token: { token } } },
  });
  const answers = [
    { status: 401, text: `<img src=x onerror="document.title='owned'">no: ${token}`, type: 'text/html' },
    { status: 200, text: 'x'.repeat(100_000), type: 'text/plain' },
    { status: 200, text: '\u0000\u0001', type: 'image/png' },
  ];
  application.answer = () => answers[Math.floor((application.received.length - 1) / 2)] ?? { status: 204, text: '' };
  await press(page, 'Test Bücher');
  const row = page.getByRole('listitem').filter({ hasText: 'Bücher' });
  await row.getByText('The application answered with status 401:').waitFor();
  await row.getByText('<img src=x').waitFor();
  expect(await row.getByText('no: ******').count()).toBe(1);
  expect(await row.locator('img').count()).toBe(0);
  await row.getByText('Offline', { exact: true }).waitFor();
  await picture(page, 'connection-offline');
  // Still known after a reload, though not why.
  await page.reload();
  await row.getByText('It did not answer its last test.').waitFor();
  await press(page, 'Test Bücher');
  await row.getByText('Online (200)').waitFor();
  expect((await row.locator('pre').textContent())?.length).toBe(500);
  await press(page, 'Test Bücher');
  await row.getByText('(no text)').waitFor();
  expect(await page.content()).not.toContain(token);
  expect(await page.title()).not.toBe('owned');
  // An application’s 401 is none of this server’s.
  expect(await page.getByRole('heading', { name: 'Sign in' }).count()).toBe(0);
});

test('a connection in use is not deleted; one that is gone is told', { timeout: LONG_MS }, async () => {
  const scene = await open();
  const { page, integrationId } = scene;
  const dialog = page.getByRole('dialog');
  const name = 'ÄöÜß '.repeat(40).trim().padEnd(200, 'é');
  const http = { baseURI: 'http://127.0.0.1:1', auth: { type: 'none' } };
  const used = await add(scene, { name, type: 'http', http });
  const user = { name: 'Orders <b>', _connectionId: used, _integrationId: integrationId };
  const { body: order } = await dashboard.client('POST', '/exports', user);
  await press(page, `Delete ${name}`);
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await dialog.getByText('since these records use it').waitFor();
  await dialog.getByText('export “Orders <b>”').waitFor();
  await picture(page, 'connection-in-use');
  expect((await dashboard.client('GET', `/connections/${used}`)).status).toBe(200);
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  await dashboard.client('DELETE', `/exports/${order._id}`);
  await press(page, 'Try again');
  await page.getByText(`${name} was deleted.`).waitFor();
  expect((await dashboard.client('GET', `/connections/${used}`)).status).toBe(404);

  // Another tab deletes it while this one edits, tests and deletes it.
  const id = await add(scene, { name: 'Gone', type: 'http', http });
  await page.getByRole('button', { name: 'Edit Gone' }).waitFor();
  await press(page, 'Edit Gone');
  await dialog.getByLabel('Name', { exact: true }).fill('Gone too');
  await dashboard.client('DELETE', `/connections/${id}`);
  await press(page, 'Save');
  await dialog.getByText('Someone else has deleted this connection.').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Edit Gone' }).waitFor({ state: 'detached' });
});

test('every view is accessible, light and dark, and fits a phone', { timeout: LONG_MS }, async () => {
  const scene = await open();
  const { page, application } = scene;
  const dialog = page.getByRole('dialog');
  const check = async (name: string): Promise<void> => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await expectAccessible(page);
      await picture(page, `connection-${name}-${colorScheme}`);
    }
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name} fits`).toBe(true);
    await picture(page, `connection-${name}-phone`);
    await page.setViewportSize({ width: 1280, height: 1100 });
  };
  const auth = { type: 'oauth', oauth: { _iClientId: '0'.repeat(24) } };
  await add(scene, { name: 'Shop', type: 'http', http: { baseURI: 'https://shop.example', auth } });
  await add(scene, { name: 'Incomplete', type: 'http', http: { auth: { type: 'oauth' } } });
  await add(scene, { name: 'Open', type: 'http', http: { baseURI: application.url } });
  await press(page, 'Test Open');
  await page.getByText('Online (200)').waitFor();
  await page.getByText('It needs an address and an OAuth client').waitFor();
  await check('list');
  await press(page, 'Add connection');
  await fill(dialog, { Authentication: 'API keys' });
  await press(page, 'Add API key');
  await check('form');
  await fill(dialog, { Authentication: 'OAuth 2', 'OAuth client': 'New OAuth client…' });
  await dialog.getByText('More fields').click();
  await check('client');
  await page.keyboard.press('Escape');
  await press(page, 'Connect Shop');
  await check('connect');
  // The focus comes back to where it was.
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Connect Shop');
});

test('many connections come page by page', { timeout: LONG_MS }, async () => {
  const scene = await open();
  const { page } = scene;
  const http = { baseURI: 'http://127.0.0.1:1', auth: { type: 'none' } };
  for (let i = 0; i < 60; i++) await add(scene, { name: `Connection ${i}`, type: 'http', http });
  const rows = page.getByRole('region', { name: 'Connections' }).getByRole('listitem');
  await vi.waitFor(async () => expect(await rows.count()).toBe(50), LONG_MS);
  await press(page, 'Show more connections');
  await vi.waitFor(async () => expect(await rows.count()).toBe(60), LONG_MS);
});

test('no page had errors', () => {
  expect(dashboard.faults).toEqual([]);
});
