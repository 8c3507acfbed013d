/**
 * A new user's journey: from the address that `npm start` prints to an integration that is installed, set
 * up, updated and removed, using only what the page shows. With each example connector.
 */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Dashboard, picture, startDashboard } from '../support/dashboard.ts';
import { writeBundle } from '../support/folders.ts';
import { relayTo, startRegistry } from '../support/registry.ts';

const PASSWORD = 'pässwörd';

let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await startDashboard({
    shipped: ['hello', 'shop-ledger'],
    environment: { BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1' },
  });
}, 60_000);
afterAll(() => dashboard?.close());

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name, exact: true }).waitFor();
const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
const follow = (page: Page, name: string) => page.getByRole('link', { name, exact: true }).click();
const tab = (page: Page, name: string) =>
  page
    .getByRole('navigation', { name: /^Pages of/ })
    .getByRole('link', { name })
    .click();

/** Installs a connector from the list, up to its setup. */
async function install(page: Page, title: string, tag: string): Promise<void> {
  await press(page, `Install ${title}`);
  await page.getByRole('dialog').getByLabel('Tag').fill(tag);
  await press(page, 'Install');
  await heading(page, title);
  await heading(page, 'Finish setup');
}

async function startRemoval(page: Page): Promise<void> {
  await press(page, 'Start removal');
  await page.getByRole('dialog').getByRole('button', { name: 'Start removal' }).click();
  await heading(page, 'Being removed');
}

const isRemoved = (page: Page, title: string) => page.getByText(`${title} was removed.`).waitFor();

test('hello: steps that only verify, settings, removal without steps', async () => {
  const page = await dashboard.open();
  await heading(page, 'No integrations yet');
  expect(page.url()).not.toContain('token');
  await picture(page, 'empty');
  await follow(page, 'Install your first connector');
  await install(page, 'Hello', 'Größe');
  await press(page, 'Verify');
  await page.getByText('1 of 2 steps done').waitFor();
  await press(page, 'Verify');
  await page.getByText('Setup is complete.').waitFor();
  await follow(page, 'Go to settings');
  await page.getByRole('combobox', { name: /^Greeting/ }).selectOption({ label: 'Ahoy' });
  await page.getByLabel('Your name').fill('Ada <b>');
  await press(page, /^Save/);
  await page.getByText('Settings saved.').waitFor();
  const [integration] = (await dashboard.client('GET', '/integrations')).body;
  expect(integration.settings.sections[0].fields.map(({ value }: { value: unknown }) => value)).toEqual([
    'ahoy',
    'Ada <b>',
    false,
  ]);
  await tab(page, 'Remove');
  await press(page, 'Remove');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await isRemoved(page, 'Hello');
  await heading(page, 'No integrations yet');
  await page.context().close();
}, 120_000);

test('shop-ledger: steps with forms, errors in place, removal in steps', async () => {
  const page = await dashboard.open('#/connectors');
  await install(page, 'Shop – Ledger', '');
  await page.getByLabel('Shop address').fill('no shop');
  await press(page, 'Continue');
  await page.getByText('"no shop" is no address of a shop.').first().waitFor();
  await page.getByLabel('Shop address').fill('flowers.example');
  await press(page, 'Continue');
  await page.getByText('1 of 3 steps done').waitFor();
  await page.getByLabel('Chart of accounts').selectOption({ label: 'Services' });
  await press(page, 'Continue');
  await press(page, 'Verify');
  await page.getByText('Setup is complete.').waitFor();
  await tab(page, 'Runs');
  await page.getByRole('button', { name: 'installer.checkBooks' }).waitFor();
  await tab(page, 'Remove');
  // It asks first, and can be called off.
  await press(page, 'Start removal');
  await press(page, 'Keep it');
  await heading(page, 'Remove this integration');
  await startRemoval(page);
  // A started removal resumes after a reload.
  await page.reload();
  await heading(page, 'Being removed');
  const removing = page.getByRole('button', { name: 'Remove permanently' });
  const look = () =>
    page.evaluate('getComputedStyle(document.querySelector("main .button.danger.primary")).backgroundColor');
  expect(await removing.isDisabled()).toBe(true);
  const disabledLook = await look();
  await press(page, 'Do this step');
  await page.getByText('All steps are done.', { exact: false }).waitFor();
  await expect.poll(look).not.toBe(disabledLook);
  await press(page, 'Remove permanently');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await isRemoved(page, 'Shop – Ledger');
  await page.context().close();
}, 120_000);

test('registry-mirror: credentials, a failing application, settings per store, update, removal', async () => {
  const registry = await startRegistry();
  await registry.addUser('zoe', PASSWORD);
  for (const name of ['apple', 'pear']) await registry.publish(name, '1.2.3', ['zoe', PASSWORD]);
  const relay = await relayTo(registry.url);
  const source = new URL('../../connectors/registry-mirror/', import.meta.url);
  const manifest = JSON.parse(await readFile(new URL('package.json', source), 'utf8'));
  const code = await readFile(new URL('index.js', source), 'utf8');
  const write = (version: string, text: string): Promise<void> =>
    writeBundle(dashboard.connectors, 'registry-mirror', {
      manifest: { ...manifest, version },
      connector: {
        ...manifest.connector,
        opts: { source: relay.url, target: relay.url },
        permissions: { fetch: [relay.url] },
      },
      code: text,
    });
  const page = await dashboard.open('#/connectors');
  // A bundle added to the folder appears by itself.
  await write('1.0.0', code.replace(/KINDS = \[.*\]/, "KINDS = ['releases']"));
  await dashboard.settle('registry-mirror', '1.0.0');

  // The application fails during the install: an error is shown, nothing is left, and a retry works.
  relay.cutAfter(0);
  await press(page, 'Install Registry – Mirror');
  await press(page, 'Install');
  await page.getByText('It was not installed. Nothing was left behind.').waitFor();
  await page.getByText('The registry does not answer').waitFor();
  const { body } = await dashboard.client('GET', '/connectors');
  const { _id } = body.find(({ name }: { name: string }) => name === 'registry-mirror');
  expect((await dashboard.client('GET', `/integrations?_connectorId=${_id}`)).body).toEqual([]);
  relay.mend();
  await press(page, 'Try again');
  await heading(page, 'Finish setup');

  // Wrong credentials give the connector's error; correct ones are never shown again.
  await page.getByLabel('User name').fill('zoe');
  await page.getByLabel('Password').fill('wrong');
  await press(page, 'Save and verify');
  await page.getByText('This step failed.').waitFor();
  await picture(page, 'wrong-credentials');
  await page.getByLabel('Password').fill(PASSWORD);
  await press(page, 'Save and verify');
  await page.getByText('1 of 4 steps done').waitFor();
  await page.getByLabel('User name').fill('zoe');
  await page.getByLabel('Password').fill(PASSWORD);
  await press(page, 'Save and verify');
  await page.getByText('2 of 4 steps done').waitFor();
  await press(page, 'Verify');
  await page.getByText('3 of 4 steps done').waitFor();
  await press(page, 'Continue');
  await page.getByText('Setup is complete.').waitFor();

  await tab(page, 'Records');
  await press(page, 'Test Main registry, source');
  await page.getByText('Online (200)').waitFor();
  await press(page, 'Edit Main registry, source');
  expect(await page.getByRole('dialog').getByLabel('Password').inputValue()).toBe('');
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Source of it all');
  await press(page, 'Save');
  await press(page, 'Test Source of it all');
  await page.getByText('Online (200)').waitFor();
  await picture(page, 'records');

  await write('1.1.0', code);
  await dashboard.settle('registry-mirror', '1.1.0');
  await page.getByText('Version 1.1.0 is available.').waitFor();
  await picture(page, 'update');
  relay.cutAfter(0);
  await press(page, 'Review update');
  await page.getByText('1.0.0 → 1.1.0').waitFor();
  await press(page, 'Update');
  await page.getByText('The update failed. The integration is unchanged.').waitFor();
  relay.mend();
  await press(page, 'Try again');
  await page.getByText('now runs version 1.1.0').waitFor();
  await page.getByText('Main registry, tags').first().waitFor();

  await tab(page, 'Remove');
  await startRemoval(page);
  await press(page, 'Do this step');
  await page.getByText('1 step left.', { exact: false }).waitFor();
  await press(page, 'Do this step');
  await page.getByText('All steps are done.', { exact: false }).waitFor();
  await press(page, 'Remove permanently');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await isRemoved(page, 'Registry – Mirror');
  await page.context().close();
}, 180_000);

test('no page had errors', () => {
  expect(dashboard.faults).toEqual([]);
});
