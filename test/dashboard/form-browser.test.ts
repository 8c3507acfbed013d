/** The settings form in a real browser: editing, errors, conflicting changes, leaving. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../src/dashboard/api/json.ts';
import { launchBrowser } from '../support/browser.ts';
import { everyField, hostileForm, steps } from './form-bundles.ts';
import { mirrorSettings } from './form-forms.ts';
import { expectAccessible, type Opened, openSettings, openTab, saved, screenshotPath } from './form-page.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
}, 120_000);
afterAll(() => browser?.close());

/** Stored values by name. */
async function storedValues({ client, id }: Opened): Promise<Record<string, unknown>> {
  const { body } = await client('GET', `/integrations/${id}`);
  const visit = (value: unknown): [string, unknown][] => {
    if (Array.isArray(value)) return value.flatMap(visit);
    if (typeof value !== 'object' || value === null) return [];
    const { name, value: own } = value as { name?: string; value?: unknown };
    return [
      ...(name !== undefined && own !== undefined ? [[name, own] as [string, unknown]] : []),
      ...Object.values(value).flatMap(visit),
    ];
  };
  return Object.fromEntries(visit(body.settings));
}

test('every type of field can be changed, and only changes are sent', {
  timeout: 120_000,
}, async () => {
  const opened = await openSettings(browser, everyField);
  const { page, faults } = opened;
  await page.getByLabel('Pause everything').check();
  await page.getByLabel('Company').fill('Grüße & Söhne');
  const link = page.getByRole('link', { name: 'Manual' });
  expect(await Promise.all(['href', 'target', 'rel'].map((name) => link.getAttribute(name)))).toEqual([
    'https://docs.example/manual',
    '_blank',
    'noopener noreferrer',
  ]);

  await openTab(page, 'Orders');
  await page.getByLabel('Import orders since').fill('2026-03-01');
  await page.getByLabel('Shipped').check();
  await page.getByLabel('High: before everything else').check();
  await page.getByLabel('Orders in a batch').fill('25');
  await page.getByLabel('Note on each order').fill('Thanks\nand <b>bye</b>');
  await page.getByLabel('Only orders for which').fill('["always"]');
  await page.getByLabel('Run every').selectOption({ label: 'Day' });
  expect(await page.getByLabel('Account', { exact: true }).isDisabled()).toBe(true);

  await openTab(page, 'Refunds');
  expect(await page.getByLabel('Account for refunds').count()).toBe(0);
  await page.getByLabel('Book refunds').check();
  await page.getByRole('button', { name: 'Refresh Account for refunds' }).click();
  await page.getByRole('combobox', { name: 'Account for refunds' }).selectOption({ label: '4741 Refunds abroad' });
  const warehouse = page.getByRole('combobox', { name: 'Warehouse' });
  await warehouse.fill('city 9999');
  await warehouse.press('Enter');
  await page.getByRole('searchbox', { name: 'Find in Cities' }).fill('City 8888');
  await page.getByRole('checkbox', { name: 'City 8888' }).check();
  await page.getByRole('button', { name: 'Remove City 3' }).click();

  await openTab(page, 'Mapping');
  await page.getByRole('button', { name: 'Refresh Ledger' }).click();
  await page.getByRole('button', { name: 'Add row' }).click();
  expect(
    await page.getByText('Shipping methods').locator('xpath=ancestor::*[@data-changed]').getAttribute('data-changed'),
  ).toBe('false');
  await page.getByLabel('Shop, row 3').fill('pigeon');
  await page.getByLabel('Ledger, row 3').selectOption({ label: 'GLS' });
  await page.getByRole('button', { name: 'Remove row 2' }).click();
  await page.getByLabel('Any other value').selectOption({ label: 'Becomes null' });
  const file = page.locator('input[type=file]');
  await file.setInputFiles({ name: 'image.png', mimeType: 'image/png', buffer: Buffer.from([0xff, 0xfe]) });
  await page.getByText('image.png is not a UTF-8 text file').waitFor();
  await file.setInputFiles({ name: 'template.txt', mimeType: 'text/plain', buffer: Buffer.from('Grüße\r\n') });
  await page.getByText('template.txt, 9 bytes').waitFor();
  await page.getByRole('button', { name: 'Refresh Saved search' }).click();
  await page.getByText('The ledger does not answer.').waitFor();
  expect(await page.getByRole('combobox', { name: 'Saved search' }).locator('option:checked').innerText()).toBe(
    'Open items',
  );

  await openTab(page, 'Advanced');
  await page.getByLabel('Matching criteria').fill('{"by":["ean"]}');
  await page.getByLabel('Time-out in seconds').fill('3');
  expect(await page.getByLabel('Installation number').isDisabled()).toBe(true);

  const changed = {
    paused: true,
    company: 'Grüße & Söhne',
    since: '2026-03-01',
    states: ['paid', 'shipped'],
    priority: 'high',
    batch: 25,
    note: 'Thanks\nand <b>bye</b>',
    filter: '["always"]',
    ordersEvery: 'day',
    bookRefunds: true,
    refundAccount: '4741',
    city: 'city-9999',
    cities: ['city-4711', 'city-8888'],
    shipping: { map: { express: 'UPS', pigeon: 'GLS' }, default: null, allowFailures: true },
    template: 'Grüße\r\n',
    matching: { by: ['ean'] },
    timeout: 3,
  };
  expect(await page.locator('.save-bar').innerText()).toContain('17 unsaved changes');
  expect(await saved(page)).toEqual({ pending: changed, status: 200 });
  await page.getByText('Saved', { exact: true }).waitFor();
  expect(await storedValues(opened)).toMatchObject({
    ...changed,
    account: '4000',
    search: { id: '77', label: 'Open items' },
  });

  // After a reload the form shows what is stored.
  await page.reload();
  await page.getByLabel('Company').waitFor();
  expect(await page.getByLabel('Company').inputValue()).toBe('Grüße & Söhne');
  expect(await page.getByRole('button', { name: 'Save', exact: true }).count()).toBe(0);
  expect(faults).toEqual([]);
});

test('errors of the form and of the server appear at their field, and open its tab', {
  timeout: 120_000,
}, async () => {
  const { page, faults } = await openSettings(browser, everyField);
  const focused = () => page.locator(':focus').getAttribute('aria-describedby');
  await page.getByLabel('Company').fill('');
  await openTab(page, 'Orders');
  await page.getByLabel('Orders in a batch').fill('many');
  await page.getByLabel('Paid').uncheck();
  await openTab(page, 'Advanced');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Company is required').waitFor();
  expect(await page.getByRole('tab', { name: 'General' }).getAttribute('aria-selected')).toBe('true');
  expect(await page.getByLabel('Company').getAttribute('aria-invalid')).toBe('true');
  await vi.waitFor(async () => expect(await focused()).toContain('problem'));
  expect(await page.getByRole('tab', { name: 'Orders' }).innerText()).toContain('2');
  await page.getByLabel('Company').fill('Company');
  expect(await page.getByText('Company is required').count()).toBe(0);
  await openTab(page, 'Orders');
  await page.getByLabel('Orders in a batch').fill('50');
  await page.getByLabel('Paid').check();

  await openTab(page, 'Refunds');
  await page.getByLabel('Cost centre').fill('');
  await openTab(page, 'General');
  expect(await saved(page)).toEqual({ pending: { company: 'Company', costCenter: '' }, status: 422 });
  await page.getByText('Cost centre is required').waitFor();
  await vi.waitFor(async () => expect(await focused()).toContain('problem'));
  expect(await page.getByLabel('Cost centre').inputValue()).toBe('');
  await page.getByLabel('Cost centre').fill('200');
  expect(await saved(page)).toEqual({ pending: { company: 'Company', costCenter: '200' }, status: 200 });
  expect(faults).toEqual([]);
});

test('changes made elsewhere arrive, but do not overwrite edits', { timeout: 120_000 }, async () => {
  const { page, client, id, faults } = await openSettings(browser, everyField);
  await page.getByLabel('Company').fill('Mine');
  const reply = await client('PUT', `/integrations/${id}/settings/persistSettings`, {
    pending: { company: 'Theirs', paused: true },
  });
  expect(reply.status).toBe(200);
  await page.getByText('changed elsewhere').waitFor();
  expect(await page.getByLabel('Pause everything').isChecked()).toBe(true);
  expect(await page.getByLabel('Company').inputValue()).toBe('Mine');
  await page.screenshot({ path: screenshotPath('changed-elsewhere') });
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Keep mine' }).click();
  expect(await page.getByText('changed elsewhere').count()).toBe(0);
  expect(await saved(page)).toEqual({ pending: { company: 'Mine' }, status: 200 });
  expect(faults).toEqual([]);
});

test('unsaved changes are not lost: leaving asks, and discarding can be undone', {
  timeout: 120_000,
}, async () => {
  const { page } = await openSettings(browser, everyField);
  await page.getByLabel('Company').fill('Unsaved');
  await page.getByRole('button', { name: 'Discard' }).click();
  expect(await page.getByLabel('Company').inputValue()).toBe('Flowers & Sons');
  await page.getByRole('button', { name: 'Undo' }).click();
  expect(await page.getByLabel('Company').inputValue()).toBe('Unsaved');
  await page.getByRole('link', { name: 'Records' }).click();
  await page.getByRole('dialog').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: /stay/i }).click();
  expect(await page.getByLabel('Company').inputValue()).toBe('Unsaved');
  const asked = page.waitForEvent('dialog');
  const closing = page.close({ runBeforeUnload: true });
  const dialog = await asked;
  expect(dialog.type()).toBe('beforeunload');
  await dialog.accept();
  await closing;
});

test('tabs can be switched with the keyboard, and keep typed text', { timeout: 120_000 }, async () => {
  const { page, faults } = await openSettings(browser, everyField);
  await openTab(page, 'Advanced');
  await page.getByLabel('Matching criteria').fill('{"half":');
  const selected = () => page.getByRole('tab', { selected: true }).first().innerText();
  await page.getByRole('tab', { name: 'Advanced' }).press('ArrowRight');
  expect(await selected()).toBe('General');
  await page.keyboard.press('ArrowLeft');
  expect(await selected()).toContain('Advanced');
  expect(await page.getByLabel('Matching criteria').inputValue()).toBe('{"half":');
  await page.keyboard.press('Home');
  expect(await selected()).toBe('General');
  await page.keyboard.press('End');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.locator('.problem', { hasText: 'Matching criteria is not valid JSON' }).waitFor();
  await page.getByRole('button', { name: 'Discard' }).click();
  expect(await page.getByLabel('Matching criteria').inputValue()).toContain('"strict": true');
  await page.getByRole('button', { name: 'Undo' }).click();
  expect(await page.getByLabel('Matching criteria').inputValue()).toBe('{"half":');
  expect(faults).toEqual([]);
});

test('the form of a step requires its fields, and shows the connector’s errors at them', {
  timeout: 120_000,
}, async () => {
  const { page, client, id, faults } = await openSettings(browser, steps);
  await page.goto(page.url().replace('/settings', '/setup'));
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('City is required').waitFor();
  expect(await page.getByLabel('Street').count()).toBe(0);
  await page.getByLabel('Where').selectOption({ label: 'At home' });
  await page.getByLabel('City').fill('Nowhere');
  await page.getByLabel('Street').fill('Main street');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.locator('.problem', { hasText: 'there is no Nowhere' }).waitFor();
  expect(await page.getByLabel('City').getAttribute('aria-invalid')).toBe('true');
  expect(await page.getByLabel('Street').inputValue()).toBe('Main street');
  await page.getByLabel('City').fill('Oslo');
  await page.getByRole('button', { name: 'Continue' }).click();
  await vi.waitFor(async () => expect((await client('GET', `/integrations/${id}`)).body.mode).toBe('settings'), 20_000);
  expect((await client('GET', `/integrations/${id}/state/taken`)).body).toMatchObject({
    where: 'home',
    city: 'Oslo',
    street: 'Main street',
  });
  expect(faults).toEqual([]);
});

test('each store has its own values', { timeout: 120_000 }, async () => {
  const settings = {
    ...mirrorSettings,
    general: { fields: [{ name: 'paused', label: 'Pause all registries', type: 'checkbox', value: false }] },
  };
  const { page, client, id, faults } = await openSettings(browser, {
    manifest: { name: 'stores' },
    connector: { title: 'Stores', settings },
    code: 'exports.settings = {};',
  });
  await page.getByLabel('Registry').selectOption({ label: 'America' });
  await page.getByRole('checkbox', { name: 'b', exact: true }).check();
  await page.getByLabel('Registry').selectOption({ label: 'Europe' });
  expect(await page.getByRole('checkbox', { name: 'b', exact: true }).isChecked()).toBe(false);
  await openTab(page, 'Flows');
  await page.getByLabel('releasesEvery').selectOption({ label: 'day' });
  await page.getByLabel('Pause all registries').check();
  await page.getByText('Also changed: America').waitFor();
  await page.screenshot({ path: screenshotPath('stores') });
  await expectAccessible(page);
  expect(await saved(page)).toEqual({
    pending: { us: { packages: ['b'] }, eu: { releasesEvery: 'day' }, general: { paused: true } },
    status: 200,
  });
  const { body } = await client('GET', `/integrations/${id}`);
  expect((body.settings as { sections: { sections: JsonObject[] }[] }).sections[1]?.sections[0]).toMatchObject({
    fields: [{ value: ['b'] }],
  });
  expect(faults).toEqual([]);
});

test('a hostile form is shown as text', { timeout: 120_000 }, async () => {
  const opened = await openSettings(browser, hostileForm);
  const { page, faults } = opened;
  await page.getByText('</label>').waitFor();
  expect(await page.locator('form.form :is(img, script, iframe)').count()).toBe(0);
  expect(await page.locator('form.form a').count()).toBe(0);
  expect(await page.getByText('javascript:window.hacked=1').count()).toBe(1);
  await page.getByLabel('constructor').selectOption({ label: 'b' });
  await page.locator('input[type=text]').first().fill('changed');
  await page.screenshot({ path: screenshotPath('hostile'), fullPage: true });
  await expectAccessible(page);
  const { status } = await saved(page);
  expect(status).toBe(200);
  const values = await storedValues(opened);
  expect(Object.getOwnPropertyDescriptor(values, '__proto__')?.value).toBe('changed');
  expect(values.constructor).toBe('b');
  const { hacked, polluted } = await page.evaluate(() => ({
    hacked: (globalThis as unknown as { hacked?: number }).hacked,
    polluted: ({} as { polluted?: boolean }).polluted,
  }));
  expect([hacked, polluted]).toEqual([undefined, undefined]);
  expect(faults).toEqual([]);
});
