/** Input and answer of runs in the dashboard, and running a function again with its input, in a real browser. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Dashboard, picture, startDashboard } from '../support/dashboard.ts';
import { installed } from '../support/runtime.ts';
import { stepper } from './bundles.ts';
import { expectAccessible } from './form-page.ts';

const LONG_MS = 120_000;

let dashboard: Dashboard;
beforeAll(async () => {
  const environment = { BULKHEAD_RUN_PAYLOAD_BYTES: '1000' };
  dashboard = await startDashboard({ bundles: { stepper }, environment });
}, LONG_MS);
afterAll(() => dashboard?.close());

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const openFirst = (page: Page, name: string) => page.getByRole('button', { name }).first().press('Enter');

test(
  'a run shows its input and answer, and runs again with its input once that is confirmed',
  async () => {
    const id = await installed(dashboard.client, 'stepper');
    const noise = (body: object) => dashboard.client('PUT', `/integrations/${id}/settings/noise`, body);
    await noise({ n: '<b>seven</b>', list: [1, 2] });
    const page = await dashboard.open(`#/integrations/${id}/runs`);
    await openFirst(page, 'settings.noise');
    const input = page.locator('details').filter({ has: page.locator('summary', { hasText: /^Input$/ }) });
    expect(await input.locator('pre').isVisible()).toBe(false);
    await input.locator('summary').press('Enter');
    await input.getByText('"n": "<b>seven</b>"').waitFor();
    await page.locator('summary', { hasText: /^Answer$/ }).waitFor();
    await expectAccessible(page);
    await picture(page, 'run-payloads');

    await press(page, 'Run again');
    const dialog = page.getByRole('dialog', { name: 'Run settings.noise again?' });
    await dialog.getByText('"n": "<b>seven</b>"').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect((await dashboard.client('GET', `/integrations/${id}/runs`)).body).toHaveLength(1);
    await press(page, 'Run again');
    await dialog.getByRole('button', { name: 'Run with this input' }).click();
    await page.getByText('2 runs', { exact: true }).waitFor();
    const [, last] = (await dashboard.client('GET', `/integrations/${id}/runs`)).body;
    const run = (await dashboard.client('GET', `/integrations/${id}/runs/${last._id}`)).body;
    expect(run.input).toEqual({ value: { n: '<b>seven</b>', list: [1, 2] } });
    await page.context().close();
  },
  LONG_MS,
);

test(
  'what is masked or too large is said, and cannot be sent again',
  async () => {
    const id = await installed(dashboard.client, 'stepper', { tag: 'masked' });
    const noise = (body: object) => dashboard.client('PUT', `/integrations/${id}/settings/noise`, body);
    await noise({ n: 1, password: 'geheim-4711' });
    const page = await dashboard.open(`#/integrations/${id}/runs`);
    await openFirst(page, 'settings.noise');
    await page.locator('summary', { hasText: /^Input$/ }).click();
    await page.getByText('"password": "******"').waitFor();
    await page.getByText('stands for what may be a secret').waitFor();
    await page.getByText('secrets in its input are masked.').waitFor();
    expect(await page.content()).not.toContain('geheim-4711');
    await noise({ n: 2, text: 'x'.repeat(2_000) });
    await page.getByText('2 runs', { exact: true }).waitFor();
    await openFirst(page, 'settings.noise');
    await page.getByText('Input: not stored, because it has 2 KB').waitFor();
    await page.getByText('its input was too large to be stored.').waitFor();
    expect(await page.getByRole('button', { name: 'Run again' }).count()).toBe(0);
    await page.context().close();
    expect(dashboard.faults).toEqual([]);
  },
  LONG_MS,
);
