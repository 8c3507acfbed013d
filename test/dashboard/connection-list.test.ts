/** The list of connections in the dashboard, in a real browser: failing tests, deletion, pages, accessibility. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Dashboard, goTo, picture, startDashboard } from '../support/dashboard.ts';
import { add, fill, openRecords, press } from './connection-scene.ts';
import { expectAccessible } from './form-page.ts';

const LONG_MS = 120_000;

let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await startDashboard({ environment: { BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1' } });
}, LONG_MS);
afterAll(() => dashboard?.close());

test('a failing test says why, as text, and never shows a credential', { timeout: LONG_MS }, async () => {
  const scene = await openRecords(dashboard);
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
  const scene = await openRecords(dashboard);
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

  // Another tab changes and deletes it while this one edits it.
  const id = await add(scene, { name: 'Gone', type: 'http', http });
  await page.getByRole('button', { name: 'Edit Gone' }).waitFor();
  await press(page, 'Edit Gone');
  await dialog.getByLabel('Name', { exact: true }).fill('Gone too');
  const { body: gone } = await dashboard.client('GET', `/connections/${id}`);
  await dashboard.client('PUT', `/connections/${id}`, { ...gone, description: 'changed meanwhile' });
  await press(page, 'Save');
  await dialog.getByText('Someone else has changed this connection.').waitFor();
  await dashboard.client('DELETE', `/connections/${id}`);
  await press(page, 'Save');
  await dialog.getByText('Someone else has deleted this connection.').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Edit Gone' }).waitFor({ state: 'detached' });
});

test('every view is accessible, light and dark, and fits a phone', { timeout: LONG_MS }, async () => {
  const scene = await openRecords(dashboard);
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
  const focused = 'document.activeElement.getAttribute("aria-label")';
  await vi.waitFor(async () => expect(await page.evaluate(focused)).toBe('Connect Shop'), LONG_MS);
  await dashboard.client('POST', '/iClients', { name: 'Shop', clientId: 'c', tokenURI: 'https://shop.example/token' });
  await goTo(page, '#/oauth-clients');
  await page.getByText('Client id c ').waitFor();
  await check('clients');
});

test('many connections come page by page', { timeout: LONG_MS }, async () => {
  const scene = await openRecords(dashboard);
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
