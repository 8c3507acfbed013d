/** The server's pages in the dashboard: access tokens, audit log and backups, in a real browser. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from '../support/client.ts';
import { type Dashboard, goTo, picture, startDashboard } from '../support/dashboard.ts';

const LONG_MS = 120_000;

let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await startDashboard({ shipped: ['hello'] });
}, LONG_MS);
afterAll(() => dashboard?.close());

const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true }).waitFor();

/** Makes a token in the dialog. @returns what was shown */
async function create(page: Page, name: string, fill: () => Promise<void> = async () => {}): Promise<string> {
  await press(page, 'Create access token');
  await page.getByLabel('Name').fill(name);
  await fill();
  await press(page, 'Create');
  await heading(page, `The access token ${name}`);
  const token = await page.getByLabel('Access token', { exact: true }).inputValue();
  expect(token).toMatch(/^bh_[\w-]{43}$/);
  return token;
}

test('a token is made in plain words, shown once, copied, used, and revoked', { timeout: LONG_MS }, async () => {
  const page = await dashboard.open('#/server/tokens', { permissions: ['clipboard-read', 'clipboard-write'] });
  await heading(page, 'No access tokens yet');
  const token = await create(page, 'Jörg <b>Ä</b>');
  await press(page, 'Copy');
  await page.getByText('Copied.').waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(token);
  await picture(page, 'token-created');
  await press(page, 'Done');
  expect(await page.content()).not.toContain(token);
  await page.getByText('Never used').waitFor();
  await page.getByText('Read everything').waitFor();

  const client = createClient(dashboard.server.url, token);
  expect((await client('GET', '/integrations')).status).toBe(200);
  expect((await client('POST', '/integrations', { name: 'n' })).status).toBe(403);
  await expect
    .poll(
      async () => {
        await page.reload();
        await page.getByText('Jörg <b>Ä</b>').waitFor();
        return page.getByText('Last used').count();
      },
      { timeout: 20_000 },
    )
    .toBe(1);

  await press(page, /^Revoke Jörg/);
  await press(page, 'Cancel');
  expect((await client('GET', '/integrations')).status).toBe(200);
  await press(page, /^Revoke Jörg/);
  await picture(page, 'token-revoke');
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
  await page.getByText('Jörg <b>Ä</b> was revoked.').waitFor();
  await heading(page, 'No access tokens yet');
  expect((await client('GET', '/integrations')).status).toBe(401);
  await page.context().close();
});

test('a token of chosen integrations shows these alone, and neither tokens nor the audit log', {
  timeout: LONG_MS,
}, async () => {
  const { client } = dashboard;
  const { body: own } = await client('POST', '/integrations', { name: 'The chosen one', tag: 'eu' });
  await client('POST', '/integrations', { name: 'Another one' });
  const page = await dashboard.open('#/server/tokens');
  const token = await create(page, 'partner', async () => {
    await page.getByLabel('Work with chosen integrations').check();
    expect(await page.getByRole('button', { name: 'Create', exact: true }).isDisabled()).toBe(true);
    await page.getByLabel('The chosen one').check();
    await page.getByLabel('Expires').selectOption('Never');
    await picture(page, 'token-create');
  });
  await press(page, 'Done');
  await page.getByText('Never expires').waitFor();
  const [listed] = (await client('GET', '/accesstokens')).body;
  expect(listed).toMatchObject({ name: 'partner', scope: 'integrations', _integrationIds: [own._id] });
  expect(listed).not.toHaveProperty('autoPurgeAt');

  await press(page, 'Sign out');
  await page.getByLabel('Administrator’s token').fill(token);
  await press(page, 'Sign in');
  await goTo(page, '#/');
  await page.getByText('The chosen one').waitFor();
  expect(await page.getByText('Another one').count()).toBe(0);
  await goTo(page, '#/server');
  await page.getByText('The access token partner').waitFor();
  expect(await page.getByRole('link', { name: /^(?:Access tokens|Audit log)$/ }).count()).toBe(0);
  await goTo(page, '#/server/tokens');
  await page.getByText('Only the administrator can see this page.').waitFor();
  await page.context().close();
});

test('the audit log says who did what, newest first, and is filtered by date and thing', {
  timeout: LONG_MS,
}, async () => {
  const { client } = dashboard;
  const { body } = await client('POST', '/integrations', { name: 'Audited' });
  await client('PUT', `/integrations/${body._id}`, { name: 'Audited', description: 'changed' });
  const page = await dashboard.open('#/server/audit');
  const rows = page.getByRole('row');
  await page.getByText('description').waitFor();
  expect(await rows.nth(1).innerText()).toMatch(/Changed integration.*Audited.*Administrator.*description/s);
  // What happens meanwhile appears.
  await client('PUT', `/integrations/${body._id}`, { name: 'Audited', tag: 'now' });
  await page.getByText('tag', { exact: true }).waitFor();
  await picture(page, 'audit');
  await page.getByRole('button', { name: 'Audited' }).first().click();
  await expect.poll(() => rows.count()).toBe(1 + 3);
  // The filter stands in the address.
  await page.reload();
  expect(await page.getByLabel('Id of what was changed').inputValue()).toBe(body._id);
  await page.getByLabel('From').fill('2100-01-01');
  await page.getByText('No entry matches the filter.').waitFor();
  await page.getByLabel('From').fill('2020-01-01');
  await page.getByLabel('To', { exact: true }).fill('2020-01-02');
  await page.getByText('No entry matches the filter.').waitFor();
  await page.getByLabel('To', { exact: true }).fill('');
  await expect.poll(() => rows.count()).toBe(1 + 3);
  expect(dashboard.faults).toEqual([]);
  await page.context().close();
});

test('a backup is downloaded, and restored once that is confirmed', { timeout: LONG_MS }, async () => {
  const { client } = dashboard;
  const { body } = await client('POST', '/integrations', { name: 'As it was' });
  const page = await dashboard.open('#/server/backup');
  const downloading = page.waitForEvent('download');
  await press(page, 'Download a backup');
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^bulkhead-[\d-]+\.backup\.gz$/);
  await client('PUT', `/integrations/${body._id}`, { name: 'Changed since' });
  await page.getByLabel('Choose a backup').setInputFiles(await download.path());
  await press(page, 'Restore');
  await page.getByText('already_there').waitFor();
  await page.getByText('To replace what differs, tick the box above.').waitFor();
  expect((await client('GET', `/integrations/${body._id}`)).body.name).toBe('Changed since');
  await page.getByLabel('Replace integrations that have changed since the backup').check();
  await press(page, 'Restore and replace');
  await page.getByText('1 integration was replaced.').waitFor();
  expect((await client('GET', `/integrations/${body._id}`)).body.name).toBe('As it was');
  expect(dashboard.faults).toEqual([]);
  await page.context().close();
});
