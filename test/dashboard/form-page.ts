/** Opens an integration's settings page in a real browser, on a real server. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import type { BundleText } from '../support/folders.ts';
import { installed, type Served, serve, TOKEN } from '../support/runtime.ts';

export interface Opened extends Served {
  readonly page: Page;
  readonly id: string;
  /** Errors in the page. */
  readonly faults: readonly string[];
}

/** Serves a connector, installs it and opens its settings. */
export async function openSettings(
  browser: Browser,
  bundle: BundleText,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const served = await serve({ 'the-connector': bundle });
  const id = await installed(served.client, String(bundle.manifest?.name));
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, locale: 'en-GB', ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (message) => {
    // The browser logs error replies as failed requests.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  page.setDefaultTimeout(20_000);
  await page.goto(`${served.runtime.url}/#token=${TOKEN}`);
  // The tab remembers the token, so the settings can be opened like a bookmark.
  await page.goto('about:blank');
  await page.goto(`${served.runtime.url}/#/integrations/${id}/settings`);
  await page.locator('form.form').waitFor();
  return { ...served, page, id, faults };
}

/** Saves. @returns what was sent, and the reply's status */
export async function saved(page: Page): Promise<{ pending: unknown; status: number }> {
  const reply = page.waitForResponse((response) => response.url().endsWith('/settings/persistSettings'));
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const response = await reply;
  return { pending: response.request().postDataJSON().pending, status: response.status() };
}

export const openTab = (page: Page, name: string): Promise<void> => page.getByRole('tab', { name }).click();

const axeText = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** WCAG 2.2 AA and best practices, as far as axe can check. */
export async function expectAccessible(page: Page): Promise<void> {
  // The page's policy forbids foreign scripts, but does not apply to evaluated code.
  await page.evaluate(await axeText);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => [
      id,
      ...nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`),
    ]);
  });
  expect(found).toEqual([]);
}

export const screenshotPath = (name: string): string =>
  fileURLToPath(new URL(`screenshots/form-${name}.png`, import.meta.url));
