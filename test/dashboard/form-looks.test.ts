/** The form's appearance in a real browser: light, dark, and on a phone. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { everyField } from './form-bundles.ts';
import { expectAccessible, openSettings, openTab, screenshotPath } from './form-page.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
}, 120_000);
afterAll(() => browser?.close());

test.each([
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
] as const)('%s: every tab is accessible, and no wider than the page', { timeout: 180_000 }, async (look, options) => {
  const { page, faults } = await openSettings(browser, everyField, options);
  const visit = async (name: string): Promise<void> => {
    await page.screenshot({ path: screenshotPath(`${look}-${name}`), fullPage: true });
    // The phone differs only in layout, not in colours and names.
    if (look !== 'phone' || name === 'mapping') await expectAccessible(page);
    const excess = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(excess).toBe(0);
  };
  await visit('general');
  await openTab(page, 'Orders');
  await page.getByLabel('Orders in a batch').fill('x');
  // The save bar must not cover the changed field.
  const [field, bar] = await Promise.all([
    page.getByLabel('Orders in a batch').boundingBox(),
    page.locator('.save-bar').boundingBox(),
  ]);
  expect((field?.y ?? 0) + (field?.height ?? 0)).toBeLessThanOrEqual(bar?.y ?? 0);
  await page.screenshot({ path: screenshotPath(`${look}-bar`) });
  await visit('orders');
  await openTab(page, 'Refunds');
  await page.getByLabel('Book refunds').check();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await openTab(page, 'Refunds');
  await page.getByRole('combobox', { name: 'Warehouse' }).fill('city 47');
  await visit('refunds');
  await page.keyboard.press('Escape');
  await openTab(page, 'Mapping');
  await page.getByRole('button', { name: 'Add row' }).click();
  await visit('mapping');
  await openTab(page, 'Advanced');
  await visit('advanced');
  expect(faults).toEqual([]);
});
