/** Connections that sign in with OAuth 2, from the dashboard: a real provider, a real browser, there and back. */
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type Dashboard, goTo, picture, startDashboard } from '../support/dashboard.ts';
import { writeBundle } from '../support/folders.ts';
import { CLIENT_ID, CLIENT_SECRET } from '../support/oauth-provider.ts';
import { fill, orderSync, press } from './connection-scene.ts';
import { clientFields, connect, openSignIn, refuse, startProvider, stateIn } from './sign-in-scene.ts';

const LONG_MS = 120_000;
const HTML = '<img src=x onerror="document.title=\'owned\'"><b>not today</b>';

let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await startDashboard({ environment: { BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1' } });
}, LONG_MS);
afterAll(() => dashboard?.close());

test('from an empty server to a connected integration that syncs', { timeout: LONG_MS }, async () => {
  const provider = await startProvider(dashboard);
  const page = await dashboard.open('#/connectors');
  onTestFinished(() => page.context().close());
  await writeBundle(dashboard.connectors, 'order-sync', orderSync(provider.url));
  await press(page, 'Install Order sync');
  await press(page, 'Install');
  await page.getByRole('heading', { name: 'Finish setup' }).waitFor();
  await page.getByText(`Tokens are then sent to ${provider.url} and nowhere else.`).waitFor();
  const main = page.getByRole('main');
  await fill(main, { 'OAuth client': 'New OAuth client…' });
  const redirectURI = await main.getByLabel('Redirect URI to register with the provider').inputValue();
  expect(redirectURI).toBe(`${dashboard.server.url}/oauth2/callback`);
  await fill(main, { 'Name of the client': 'Shop', ...clientFields(provider) });
  await picture(page, 'oauth-step');
  await press(page, 'Save and connect');
  // At the provider, and back: the step is done.
  await page.getByText('1 of 2 steps done').waitFor();
  expect(page.url()).toMatch(/#\/integrations\/[0-9a-f]{24}\/setup$/);
  await press(page, 'Verify');
  await page.getByText('Setup is complete.').waitFor();

  const [{ _id }] = (await dashboard.client('GET', '/integrations')).body;
  const synced = await dashboard.client('PUT', `/integrations/${_id}/utilities/sync`, {});
  expect([synced.status, synced.body]).toEqual([200, { client: CLIENT_ID, token: '******' }]);
  await goTo(page, `#/integrations/${_id}/records`);
  await page.getByText('Scope: orders').waitFor();
  await page.getByText('and renewed by itself.').waitFor();
  await press(page, 'Test Shop');
  await page.getByText('"token":"******"').waitFor();
  await picture(page, 'oauth-connected');
  const content = await page.content();
  for (const secret of [CLIENT_SECRET, ...provider.secrets]) expect(content).not.toContain(secret);
  // A reload in the middle of everything repeats nothing.
  const runs = async () => (await dashboard.client('GET', `/integrations/${_id}/runs`)).body.length;
  const before = await runs();
  await page.reload();
  await stateIn(page, 'Connected');
  expect(await runs()).toBe(before);
});

test('connect, disconnect, and sign-ins that fail, in the words of the provider', { timeout: LONG_MS }, async () => {
  const provider = await startProvider(dashboard);
  const { page, connectionId } = await openSignIn(dashboard, provider);
  await stateIn(page, 'Not connected yet');
  // A second click leads nowhere else.
  let begun = 0;
  await page.route('**/oauth2', (route) => {
    if (route.request().method() === 'POST') begun++;
    return route.continue();
  });
  await page.getByRole('button', { name: 'Connect Bücher' }).click();
  await page.getByRole('dialog').getByText(`You sign in at ${provider.url} and come back here.`).waitFor();
  await picture(page, 'oauth-connect');
  const next = page.getByRole('button', { name: 'Continue' });
  await next.evaluate((button: { click(): void }) => [button.click(), button.click()]);
  await page.getByText('Bücher is connected.').waitFor();
  expect(begun).toBe(1);
  await stateIn(page, 'Connected');
  expect(page.url()).toMatch(/\/records$/);

  provider.intercept = refuse({ error: 'access_denied', error_description: HTML });
  await connect(page);
  await page.getByText('The sign-in of Bücher failed.').waitFor();
  await page.getByText(HTML).first().waitFor();
  await page.getByText('The tokens from before stay in use.').waitFor();
  await picture(page, 'oauth-refused');
  expect(await page.getByRole('main').locator('img, b').count()).toBe(0);
  expect(await page.title()).not.toBe('owned');
  await stateIn(page, 'Connected');

  await press(page, 'Disconnect Bücher');
  await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
  await stateIn(page, 'Not connected yet');
  await page.getByText('The sign-in of Bücher failed.').waitFor({ state: 'detached' });
  expect((await dashboard.client('GET', `/connections/${connectionId}/oauth2`)).body).toEqual({
    status: 'disconnected',
  });

  // The provider breaks down after the sign-in.
  provider.intercept = (request, response) => {
    if (request.url !== '/token') return false;
    response.writeHead(503).end();
    return true;
  };
  await connect(page);
  await page.getByText('The sign-in of Bücher failed.').waitFor();

  // Back by the browser’s button, and an address that was used already.
  provider.intercept = (_request, response) => {
    response.end('<h1>Sign in</h1>');
    return true;
  };
  await connect(page);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.goBack();
  await stateIn(page, 'Not connected yet');
  provider.intercept = undefined;
  const callback = page.waitForRequest('**/oauth2/callback?**');
  await connect(page);
  await page.getByText('Bücher is connected.').waitFor();
  await page.goto((await callback).url());
  await page.getByText('Connect again.').waitFor();
  await page.getByRole('link', { name: 'Open the dashboard' }).click();
  await page.getByRole('heading', { name: 'Integrations' }).waitFor();
});

test('a refused renewal takes it offline; connecting brings it back', { timeout: LONG_MS }, async () => {
  const provider = await startProvider(dashboard, { tokenSeconds: 1 });
  const { page } = await openSignIn(dashboard, provider);
  await connect(page);
  await stateIn(page, 'Connected');
  provider.intercept = (request, response) => {
    if (request.url !== '/token') return false;
    const text = JSON.stringify({ error: 'invalid_grant', error_description: 'The user has left.' });
    response.writeHead(400, { 'content-type': 'application/json' }).end(text);
    return true;
  };
  await vi.waitFor(async () => {
    await press(page, 'Test Bücher');
    await page.getByText('The provider refuses this connection.').waitFor({ timeout: 1_000 });
  }, LONG_MS);
  await page.getByText('The user has left.').first().waitFor();
  await stateIn(page, 'Offline');
  provider.intercept = undefined;
  await connect(page);
  await page.getByText('Bücher is connected.').waitFor();
  await stateIn(page, 'Connected');
});

test('by keyboard, with a reload at the provider, and nothing to renew the token with', {
  timeout: LONG_MS,
}, async () => {
  const provider = await startProvider(dashboard, { configuration: { issueRefreshToken: () => false } });
  const { page } = await openSignIn(dashboard, provider);
  provider.intercept = (_request, response) => {
    response.end('<h1>Sign in</h1>');
    return true;
  };
  await page.getByRole('button', { name: 'Connect Bücher' }).press('Enter');
  // The first button of the dialog has the focus: Cancel.
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  provider.intercept = undefined;
  await page.reload();
  await page.getByText('Bücher is connected.').waitFor();
  await page.getByText('the provider gave nothing to renew it with').first().waitFor();
});

test('client credentials need no user', { timeout: LONG_MS }, async () => {
  const provider = await startProvider(dashboard);
  const { page } = await openSignIn(dashboard, provider, { grantType: 'clientcredentials' });
  await page.getByRole('button', { name: 'Connect Bücher' }).click();
  await page.getByRole('dialog').getByText(`This server gets tokens from ${provider.url}.`).waitFor();
  await press(page, 'Continue');
  await stateIn(page, 'Connected');
  await press(page, 'Test Bücher');
  await page.getByText('Online (200)').waitFor();
});

test('OAuth clients: added, changed and deleted by keyboard; the secret stays hidden', {
  timeout: LONG_MS,
}, async () => {
  const page = await dashboard.open('#/oauth-clients', { permissions: ['clipboard-read', 'clipboard-write'] });
  onTestFinished(() => page.context().close());
  const dialog = page.getByRole('dialog');
  const type = async (...texts: readonly string[]): Promise<void> => {
    for (const text of texts) {
      await page.keyboard.type(text);
      await page.keyboard.press('Tab');
    }
  };
  await press(page, 'Copy the redirect URI');
  await page.getByText('Redirect URI copied.').waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(`${dashboard.server.url}/oauth2/callback`);
  await page.getByRole('button', { name: 'Add OAuth client' }).focus();
  await page.keyboard.press('Enter');
  await dialog.getByLabel('Name of the client').focus();
  const [name, secret] = [`Läden <b>`, 'secret-of-the-client'];
  await type(name, 'client-1', secret, 'https://a.example/sign-in', 'https://a.example/token');
  await page.keyboard.press('Enter');
  await dialog.getByLabel('Further parameters for tokens').fill('audience=https://shop.example?a=b\n\nno value');
  await dialog.getByLabel('Token address').press('Enter');
  await page.getByText('Client id client-1 · tokens from a.example').waitFor();
  const stored = async () =>
    (await dashboard.client('GET', '/iClients')).body.find((client: { name: string }) => client.name === name);
  const before = await stored();
  const tokenParams = { audience: 'https://shop.example?a=b', 'no value': '' };
  expect(before).toMatchObject({ clientSecret: '******', authURI: 'https://a.example/sign-in', tokenParams });
  await picture(page, 'oauth-clients');

  await press(page, `Edit ${name}`);
  expect(await dialog.getByLabel('Client secret').inputValue()).toBe('');
  await dialog.getByLabel('Client id').fill('client-2');
  await dialog.getByLabel('Client id').press('Enter');
  await page.getByText('Client id client-2').waitFor();
  expect(await stored()).toEqual({ ...before, clientId: 'client-2', lastModified: expect.any(String) });
  await press(page, `Edit ${name}`);
  await dialog.getByLabel('Token address').fill('https://b.example/token');
  await dialog.getByText('The address has changed. Enter it again.').waitFor();
  await dialog.getByLabel('Token address').press('Enter');
  await dialog.getByText('Enter the client secret again.').waitFor();
  await page.keyboard.press('Escape');
  expect(await page.content()).not.toContain(secret);

  // Another tab was faster.
  await press(page, `Delete ${name}`);
  await dashboard.client('DELETE', `/iClients/${before._id}`);
  await dialog.getByRole('button', { name: 'Delete', exact: true }).press('Enter');
  await page.getByText(`${name} was deleted.`).waitFor();
  await page.getByText('Client id client-2').waitFor({ state: 'detached' });
});

test('the address of the page decides nothing', { timeout: LONG_MS }, async () => {
  const provider = await startProvider(dashboard);
  const { page, integrationId, connectionId } = await openSignIn(dashboard, provider);
  const other = (await dashboard.client('POST', '/integrations', { name: 'Other' })).body._id;
  await page.goto(`${dashboard.server.url}/#/integrations/${other}/records?connected=${connectionId}`);
  await page.getByText('This integration has no such connection.').waitFor();
  for (const id of ['x', `${connectionId}%22onload=`, '../../etc']) {
    await goTo(page, `#/integrations/${integrationId}/records?connected=${id}`);
    await stateIn(page, 'Not connected yet');
    expect(await page.getByText('The server did not say how the sign-in went.').count()).toBe(0);
  }
  for (const returnTo of [
    'https://evil.example',
    '//evil.example',
    '#//evil.example\n',
    '#/"><b>',
    '/#/x',
    'javascript:1',
  ])
    expect((await dashboard.client('POST', `/connections/${connectionId}/oauth2`, { returnTo })).status).toBe(422);
});

test('no page had errors', () => {
  expect(dashboard.faults).toEqual([]);
});
