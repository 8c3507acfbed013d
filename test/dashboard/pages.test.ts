/**
 * The dashboard in a real browser: unusual user actions, what connectors must not be able to do to the
 * page, and accessibility.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Dashboard, goTo, picture, startDashboard } from '../support/dashboard.ts';
import { writeBundle } from '../support/folders.ts';
import { connectorIdOf, installed } from '../support/runtime.ts';
import { packed } from '../support/tarballs.ts';
import { broken, fleet, hostile, invalid, slow, stepper } from './bundles.ts';

const LONG_MS = 120_000;

/** Tiles that are not in view are in the page, but not laid out. */
const ATTACHED = { state: 'attached' } as const;

/** Transferred bytes of the page and its assets, without API replies. */
const LOADED_BYTES = `[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]
  .filter(({ name }) => !name.includes('/v1/')).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`;

let dashboard: Dashboard;
beforeAll(async () => {
  dashboard = await startDashboard({ shipped: ['hello'], bundles: { stepper, hostile, broken, invalid, slow } });
}, LONG_MS);
afterAll(() => dashboard?.close());

const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true }).waitFor();
const call = (id: string, section: string, name: string, body: object = {}) =>
  dashboard.client('PUT', `/integrations/${id}/${section}/${name}`, body);

describe('signing in', () => {
  test(
    'without a valid token a form appears, then the requested page',
    async () => {
      const page = await dashboard.open();
      await heading(page, 'No integrations yet');
      await press(page, 'Sign out');
      await goTo(page, '#/connectors');
      await page.reload();
      await page.getByLabel('Administrator’s token').fill('not the token');
      await press(page, 'Sign in');
      await page.getByText('The server does not accept this token.').waitFor();
      await picture(page, 'sign-in-refused');
      await page.getByLabel('Administrator’s token').fill(dashboard.address.split('#token=')[1] ?? '');
      await press(page, 'Sign in');
      await heading(page, 'Connectors');
      const stored = await page.evaluate('[sessionStorage.length, localStorage.length]');
      expect(stored).toEqual([1, 0]);
      // The token becomes invalid during work: back to the form, then back to the page.
      await page.route('**/v1/tiles*', (route) =>
        route.fulfill({ status: 401, json: { errors: [{ code: 'unauthorized', message: 'no' }] } }),
      );
      await goTo(page, '#/');
      await heading(page, 'Sign in');
      await page.unroute('**/v1/tiles*');
      await page.getByLabel('Administrator’s token').fill(dashboard.address.split('#token=')[1] ?? '');
      await press(page, 'Sign in');
      await heading(page, 'No integrations yet');
      await page.context().close();
    },
    LONG_MS,
  );
});

describe('setting up', () => {
  test(
    'progress and log lines are live; a reload finds the run again; it can be cancelled',
    async () => {
      const id = await installed(dashboard.client, 'stepper', { tag: 'live' });
      const page = await dashboard.open(`#/integrations/${id}/setup`);
      await press(page, 'Verify');
      await page.getByText('Part 3 <b>is done</b>').waitFor();
      expect(
        Number(await page.getByRole('progressbar', { name: 'Watch it work' }).getAttribute('value')),
      ).toBeGreaterThan(0);
      await page.reload();
      await page.getByText('Part 6 <b>is done</b>').waitFor();
      await picture(page, 'running');
      expect(await page.getByRole('button', { name: 'Verifying…' }).isDisabled()).toBe(true);
      await press(page, 'Cancel run');
      await page.getByText('The run was cancelled.').waitFor();
      const { body } = await dashboard.client('GET', `/integrations/${id}/runs`);
      expect(body).toMatchObject([{ function: 'work', outcome: 'faulted', fault: 'cancelled' }]);
      await page.context().close();
    },
    LONG_MS,
  );

  test(
    'an install can be watched and cancelled; a bundle’s image is shown',
    async () => {
      const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4"/></svg>';
      await writeFile(join(dashboard.connectors, 'slow', 'icon.svg'), svg);
      const page = await dashboard.open('#/connectors');
      await page.getByRole('listitem').filter({ hasText: 'Slow' }).locator('img[src^="blob:"]').waitFor();
      await press(page, 'Install Slow');
      await press(page, 'Install');
      await page.getByText('Laying the keel').waitFor();
      await page.getByText('The keel is laid').waitFor();
      await picture(page, 'installing');
      await press(page, 'Cancel run');
      await page.getByText('The run was cancelled.').waitFor();
      const id = await connectorIdOf(dashboard.client, 'slow');
      expect((await dashboard.client('GET', `/integrations?_connectorId=${id}`)).body).toEqual([]);
      await page.context().close();
    },
    LONG_MS,
  );

  test(
    'a version that asks for more says so, and is used once approved',
    async () => {
      const asking = (version: string, fetch: string[]) =>
        writeBundle(dashboard.connectors, 'asking', {
          manifest: { version },
          connector: { title: 'Asking', permissions: { fetch } },
          code: 'exports.settings = {};',
        });
      await asking('1.0.0', ['https://a.example']);
      await dashboard.settle('asking', '1.0.0');
      const page = await dashboard.open('#/connectors');
      await asking('1.1.0', ['https://a.example', 'https://*.b.example']);
      await page.getByText('Version 1.1.0 asks for more and awaits your approval.').waitFor();
      await page.getByRole('link', { name: 'Review it: Asking' }).click();
      await page.getByText('may also reach https://*.b.example').waitFor();
      await page.getByText('Until then 1.0.0 stays in use.').waitFor();
      await picture(page, 'approval');
      await press(page, 'Approve Asking 1.1.0');
      await page.getByText('Version 1.1.0', { exact: true }).waitFor();
      await page.getByText('awaits your approval').waitFor({ state: 'detached' });
      await page.context().close();
    },
    LONG_MS,
  );

  test(
    'a double click sends one request',
    async () => {
      const id = await installed(dashboard.client, 'hello', { tag: 'twice' });
      const page = await dashboard.open(`#/integrations/${id}/setup`);
      let requests = 0;
      await page.route('**/installer/**', async (route) => {
        requests++;
        await route.continue();
      });
      await page.getByRole('button', { name: 'Verify', exact: true }).waitFor();
      await page.evaluate(
        'for (const button of document.querySelectorAll(".step-body .button")) { button.click(); button.click(); }',
      );
      await page.getByText('1 of 2 steps done').waitFor();
      expect(requests).toBe(1);
      await page.context().close();
    },
    LONG_MS,
  );

  test(
    'steps of every kind, each with its errors in place',
    async () => {
      const id = await installed(dashboard.client, 'stepper', { tag: 'kinds' });
      await call(id, 'installer', 'work', { quick: true });
      const page = await dashboard.open(`#/integrations/${id}/setup`);
      await press(page, 'Verify');
      await page.getByText('The shop says: <i>not today</i>').waitFor();
      await page.getByText('shop_closed').waitFor();
      // It links its run, with the log.
      await page.getByRole('link', { name: 'See what the run did' }).click();
      await page.getByRole('log').getByText('about to fail').waitFor();
      await page.goBack();
      // The error is still shown after a reload.
      await page.reload();
      await page.getByText('The shop says: <i>not today</i>').waitFor();
      await press(page, 'Verify');
      await page.getByText('2 of 8 steps done').waitFor();
      await press(page, 'Verify');
      await page.getByText('Not yet: try again.').waitFor();
      await press(page, 'Verify');
      // The function also completed another step and changed the description of a third.
      await page.getByText('4 of 8 steps done').waitFor();
      const link = page.getByRole('link', { name: /^Open shop\.example/ });
      expect(await link.getAttribute('href')).toBe('https://shop.example/grant?a=1');
      expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
      await press(page, 'Done, verify it');
      await page.getByText('5 of 8 steps done').waitFor();
      await page.getByText('javascript:document.title="owned"').waitFor();
      expect(await page.getByRole('link', { name: /^Open/ }).count()).toBe(0);
      await press(page, 'Done, verify it');
      await page.getByLabel('City').fill('Atlantis');
      await press(page, 'Continue');
      await page.getByText('There is no such city.').first().waitFor();
      await page.getByLabel('City').fill('Zürich');
      await press(page, 'Continue');
      await page.getByText('Changed by another step.').waitFor();
      await press(page, 'Verify');
      await page.getByText('Setup is complete.').waitFor();
      await page.context().close();
    },
    LONG_MS,
  );

  test(
    'a failed install leaves nothing, says why, and can be retried',
    async () => {
      const page = await dashboard.open('#/connectors');
      await press(page, 'Install Broken');
      await page.getByRole('dialog').getByLabel('Tag').fill('fail');
      await press(page, 'Install');
      await page.getByText('There is no room for it.').waitFor();
      await page.getByRole('dialog').getByLabel('Tag').fill('works');
      await press(page, 'Try again');
      await page.getByRole('heading', { name: 'Broken', level: 1 }).waitFor();
      const id = await connectorIdOf(dashboard.client, 'broken');
      const { body } = await dashboard.client('GET', `/integrations?_connectorId=${id}`);
      expect(body).toMatchObject([{ tag: 'works' }]);
      // Its removal fails, so force it, after a clear warning.
      await goTo(page, `#/integrations/${body[0]._id}/remove`);
      await press(page, 'Remove');
      await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
      await page.getByText('Still in use.').waitFor();
      await press(page, 'Cancel');
      await press(page, 'Force removal');
      await page.getByText('may stay there').waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Force removal' }).click();
      await page.getByText('but the connector failed: Still in use.').waitFor();
      await page.context().close();
    },
    LONG_MS,
  );
});

test(
  'a failed update is shown; the tile still offers it',
  async () => {
    const id = await installed(dashboard.client, 'broken', { tag: 'update' });
    const page = await dashboard.open(`#/integrations/${id}/runs`);
    await heading(page, 'Last 1 run');
    await writeBundle(dashboard.connectors, 'broken', { ...broken, manifest: { version: '2.0.0' } });
    await dashboard.settle('broken', '2.0.0');
    await page.getByText('Version 2.0.0 is available.').waitFor();
    await press(page, 'Review update');
    await page.getByText('1.0.0 → 2.0.0').waitFor();
    await press(page, 'Update');
    await page.getByText('The other side has moved.').waitFor();
    await press(page, 'Close');
    await goTo(page, '#/');
    await page.getByText('Update to 2.0.0 available').waitFor();
    const more = page.getByRole('button', { name: /^Show \d+ more$/ });
    if (await more.isVisible()) await more.click();
    await page.getByRole('link', { name: 'Review the update: Broken 2.0.0' }).click();
    await page.getByRole('checkbox', { name: 'Update Broken' }).uncheck();
    expect(await page.getByRole('button', { name: 'Update 0 integrations' }).isDisabled()).toBe(true);
    await page.goBack();
    await page.getByText('Update to 2.0.0 available').waitFor();
    await dashboard.client('DELETE', `/integrations/${id}?force=true`);
    await page.getByText('Update to 2.0.0 available').waitFor({ state: 'detached' });
    await page.context().close();
  },
  LONG_MS,
);

test(
  'a bundle is uploaded by dropping it, updates many integrations, and is deleted',
  async () => {
    const page = await dashboard.open('#/connectors');
    const drop = async (version: string): Promise<void> => {
      const bytes = packed('fleet', { ...fleet, manifest: { version } }).toString('base64');
      const dataTransfer = await page.evaluateHandle(`(() => {
        const transfer = new DataTransfer();
        const bytes = Uint8Array.from(atob('${bytes}'), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], 'fleet.tgz'));
        return transfer;
      })()`);
      await page.locator('.drop').dispatchEvent('drop', { dataTransfer });
    };
    await page.getByRole('region', { name: 'Upload a connector' }).waitFor();
    await drop('one');
    await page.getByText('fleet.tgz was not accepted. Nothing has changed.').waitFor();
    await page.getByText('version must be a semantic version').waitFor();
    await drop('1.0.0');
    await heading(page, 'Fleet');
    const ids: string[] = [];
    for (const tag of ['one', 'two', 'three']) {
      const name = `Fleet ${tag}`;
      ids.push(await installed(dashboard.client, 'fleet', { tag, name }));
    }
    await page.getByText('1.0.0: 3 integrations').waitFor();
    await goTo(page, '#/connectors');
    await drop('2.0.0');
    await press(page, 'Update 3 integrations');
    await page.getByText('Fleet two: 1.0.0 → 2.0.0').waitFor();
    await picture(page, 'update-many');
    await press(page, 'Update');
    await page.getByText('2 integrations updated, 1 failed, 0 left as they were.').waitFor();
    await page.getByRole('alert').getByText('Fleet two: The second one stays in port.').waitFor();
    await press(page, 'Close');
    await page.getByRole('button', { name: 'Update 1 integration', exact: true }).waitFor();
    await press(page, 'Delete');
    await page.getByText('3 integrations use it.').waitFor();
    await press(page, 'Delete all the same');
    await page.getByText('Fleet was deleted.').waitFor();
    expect((await dashboard.client('GET', '/connectors')).body).not.toContainEqual(
      expect.objectContaining({ name: 'fleet' }),
    );
    for (const id of ids) await dashboard.client('DELETE', `/integrations/${id}?force=true`);
    await page.context().close();
  },
  LONG_MS,
);

test(
  'runs of all integrations are searched, open where they are clicked, and can be repeated',
  async () => {
    const id = await installed(dashboard.client, 'stepper', { tag: 'runs' });
    await call(id, 'installer', 'work', { quick: true });
    await call(id, 'installer', 'failOnce');
    await call(id, 'settings', 'noise', { n: 1 });
    const page = await dashboard.open('#/runs');
    await page.getByLabel('Search').fill('(runs) SHOP_CLOSED');
    await page.getByText('No run matches.').waitFor();
    await page.getByLabel('Search').fill('runs SHOP_CLOSED');
    await page.getByText(/^1 of \d+ runs$/).waitFor();
    await page.getByRole('cell', { name: 'Failed' }).click();
    await page.getByRole('log').getByText('about to fail').waitFor();
    // The filter and the open run stand in the address.
    await page.reload();
    await page.getByRole('log').getByText('about to fail').waitFor();
    await page.getByText(/^1 of \d+ runs$/).waitFor();
    await page.getByRole('cell', { name: 'Failed' }).click();
    await page.getByRole('log').waitFor({ state: 'detached' });
    await goTo(page, `#/integrations/${id}/runs`);
    await page.getByText('3 runs', { exact: true }).waitFor();
    await page.getByLabel('Outcome').selectOption('Not successful');
    await page.getByText('1 of 3 runs').waitFor();
    await page.getByRole('button', { name: 'installer.failOnce' }).press('Enter');
    await press(page, 'Run again');
    await page.getByText('1 of 4 runs').waitFor();
    await page.getByText('3 succeeded', { exact: true }).waitFor();
    await page.getByLabel('Outcome').selectOption('All');
    await press(page, 'settings.noise');
    await page.getByText('It cannot be repeated from here, because its input is not stored.').waitFor();
    await page.getByText('if the operator starts it with --run-payload-bytes').waitFor();
    await dashboard.client('DELETE', `/integrations/${id}?force=true`);
    await page.context().close();
  },
  LONG_MS,
);

test(
  'a manual integration can be renamed, and deleted with its records',
  async () => {
    const { body } = await dashboard.client('POST', '/integrations', { name: 'By hand' });
    await dashboard.client('POST', '/exports', { name: 'An export', _integrationId: body._id });
    const page = await dashboard.open();
    await page.getByRole('link', { name: 'By hand' }).click();
    await press(page, 'Edit details');
    await page.getByRole('dialog').getByLabel('Name').fill('By my hand');
    await press(page, 'Save');
    await heading(page, 'By my hand');
    await page.getByRole('link', { name: 'Remove' }).click();
    await press(page, 'Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('It still contains records.').waitFor();
    await page.getByText('1 export').waitFor();
    await press(page, 'Delete with its records');
    await page.getByText('By my hand was deleted.').waitFor();
    expect((await dashboard.client('GET', `/integrations/${body._id}`)).status).toBe(404);
    await page.context().close();
  },
  LONG_MS,
);

test(
  'thousands of records load page by page; credentials of new connections stay hidden',
  async () => {
    const { body } = await dashboard.client('POST', '/integrations', { name: 'Full' });
    for (let i = 0; i < 120; i++) {
      await dashboard.client('POST', '/flows', { name: `Flow ${i}`, _integrationId: body._id });
    }
    const page = await dashboard.open(`#/integrations/${body._id}/flows`);
    const flows = page.getByRole('region', { name: 'Flows' }).getByRole('listitem');
    await vi.waitFor(async () => expect(await flows.count()).toBe(50), LONG_MS);
    await press(page, 'Show more flows');
    await vi.waitFor(async () => expect(await flows.count()).toBe(100), LONG_MS);
    await press(page, 'Show more flows');
    await vi.waitFor(async () => expect(await flows.count()).toBe(120), LONG_MS);
    await goTo(page, `#/integrations/${body._id}/records`);
    await press(page, 'Add connection');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('Büro');
    await dialog.getByLabel('Address').fill('http://127.0.0.1:1');
    await dialog.getByLabel('User name').fill('ada');
    await dialog.getByLabel('Password').fill('secret-of-ada');
    await press(page, 'Save');
    await press(page, 'Test Büro');
    await page.getByText('The test of Büro failed.').waitFor();
    await page.getByText('As JSON').first().click();
    await page.getByText('"password": "******"').waitFor();
    expect(await page.content()).not.toContain('secret-of-ada');
    await dashboard.client('DELETE', `/integrations/${body._id}?cascade=true`);
    await page.context().close();
  },
  LONG_MS,
);

test(
  'leaving unsaved changes asks first',
  async () => {
    const id = await installed(dashboard.client, 'hello', { tag: 'unsaved' });
    const page = await dashboard.open(`#/integrations/${id}/settings`);
    await page.getByLabel('Your name').fill('Eve');
    await page.getByRole('link', { name: 'Connectors' }).click();
    await heading(page, 'Leave without saving?');
    await press(page, 'Stay on this page');
    expect(await page.getByLabel('Your name').inputValue()).toBe('Eve');
    await page.getByRole('link', { name: 'Connectors' }).click();
    await press(page, 'Leave without saving');
    await heading(page, 'Connectors');
    await page.context().close();
  },
  LONG_MS,
);

test(
  'everything a connector says is shown as text',
  async () => {
    const id = await installed(dashboard.client, 'hostile');
    const page = await dashboard.open('#/connectors');
    await page.getByText('<b>bold</b><script>').waitFor();
    for (const path of ['#/?search=hostile', `#/integrations/${id}/setup`, `#/integrations/${id}/settings`]) {
      await goTo(page, path);
      await page
        .getByRole('heading', { name: /onerror="document\.title=/ })
        .first()
        .waitFor();
      expect(
        await page
          .getByRole('main')
          .locator('img, b, script, [onerror], a[href^="javascript:"], a[href^="data:"]')
          .count(),
      ).toBe(0);
    }
    await goTo(page, `#/integrations/${id}/setup`);
    await press(page, 'Done, verify it');
    await page.getByText('This step failed.').waitFor();
    await picture(page, 'hostile');
    await goTo(page, `#/integrations/${id}/runs`);
    await press(page, 'installer.throwHtml');
    await page.getByRole('log').getByText('<b>bold</b>').waitFor();
    expect(await page.getByRole('main').locator('img, b').count()).toBe(0);
    expect(await page.title()).not.toBe('owned');
    await page.context().close();
  },
  LONG_MS,
);

test(
  'the page recovers by itself when the server is back',
  async () => {
    const page = await dashboard.open();
    await heading(page, 'Integrations');
    await dashboard.restart(async () => {
      await page.getByText('The server does not answer. Reconnecting…').waitFor();
      await picture(page, 'server-gone');
    });
    await page.getByText('The server does not answer. Reconnecting…').waitFor({ state: 'detached' });
    await installed(dashboard.client, 'hello', { tag: 'after the restart' });
    await page.getByLabel('Search').fill('after the restart');
    await page.getByRole('list', { name: 'Integrations' }).getByText('after the restart').waitFor(ATTACHED);
    await page.context().close();
  },
  LONG_MS,
);

describe('500 tiles', () => {
  test(
    'can be searched, sorted, filtered and navigated by keyboard, and typing never lags',
    async () => {
      const names = ['Müller', 'Öl & Gas', 'Zebra', 'apple 10', 'apple 9'];
      const missing = 500 - (await dashboard.client('GET', '/tiles')).body.length;
      for (let i = 0; i < missing; i++) {
        await dashboard.client('POST', '/integrations', { name: `${names[i % names.length]} no. ${i}`, tag: `t${i}` });
      }
      const page = await dashboard.open();
      await page.getByText('500 integrations').waitFor();
      await page.evaluate(
        `window.longTasks = []; new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })`,
      );
      await page.keyboard.press('/');
      await page.keyboard.type('muller no. 1', { delay: 20 });
      await page.getByText(/^\d+ of 500 integrations$/).waitFor();
      const tiles = page.getByRole('list', { name: 'Integrations' }).getByRole('heading');
      for (const name of await tiles.allTextContents()) expect(name).toMatch(/^Müller no\. \d*1/);
      await page.getByLabel('Search').fill('');
      await page.getByLabel('State').selectOption('Manual');
      await page.getByLabel('Search').fill('apple');
      expect((await tiles.allTextContents())[0]).toMatch(/^apple 9 no/);
      // Back and reload keep the filter.
      await tiles.first().getByRole('link').click();
      await page.goBack();
      await page.reload();
      expect(await page.getByLabel('Search').inputValue()).toBe('apple');
      expect((await tiles.allTextContents())[0]).toMatch(/^apple 9 no/);
      await page.getByLabel('Search').fill('nothing like it');
      await press(page, 'Clear filters');
      await tiles.first().getByRole('link').focus();
      for (const key of ['ArrowDown', 'ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowRight'])
        await page.keyboard.press(key);
      const focused = await page.evaluate('document.activeElement.textContent');
      expect(focused).toBe(await tiles.nth(1).textContent());
      await picture(page, 'tiles-500');
      await page.context().close();
    },
    LONG_MS,
  );
});

describe('accessibility', () => {
  const looks = {
    light: { colorScheme: 'light' },
    dark: { colorScheme: 'dark' },
    phone: { colorScheme: 'light', viewport: { width: 360, height: 740 } },
  } as const;

  test.each(Object.entries(looks))(
    'every page meets WCAG 2.2 AA and fits: %s',
    async (look, options) => {
      const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
      const rows = (await dashboard.client('GET', '/integrations?include=_id,_connectorId,name')).body;
      const idOf = async (name: string): Promise<string> => {
        const connector = await connectorIdOf(dashboard.client, name);
        return rows.find(({ _connectorId }: { _connectorId?: string }) => _connectorId === connector)._id;
      };
      const [steps, hello] = [await idOf('stepper'), await idOf('hello')];
      const page = await dashboard.open('#/', options);
      await page.evaluate(axe);
      const check = async (name: string, path?: string, ready?: string): Promise<void> => {
        if (path !== undefined) await goTo(page, path);
        if (ready !== undefined) await page.getByText(ready).first().waitFor();
        const found = (await page.evaluate(
          `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(({ violations }) =>
          violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html + ' ' + failureSummary)))`,
        )) as string[];
        expect(found, name).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name} fits`).toBe(true);
        await picture(page, `${name}-${look}`);
      };
      await page.getByLabel('Search').fill('hello');
      await check('tiles', undefined, 'twice');
      await check('connectors', '#/connectors', 'Its bundle has errors.');
      await page.getByRole('link', { name: 'Stepper', exact: true }).click();
      await check('connector', undefined, 'What it may do');
      await page.goBack();
      await press(page, 'Install Hello');
      await check('install');
      await page.keyboard.press('Escape');
      await check('setup', `#/integrations/${steps}/setup`, 'steps done');
      await check('settings', `#/integrations/${hello}/settings`, 'Your name');
      await check('records', `#/integrations/${hello}/records`, 'Connections');
      await press(page, 'Add connection');
      await check('connection');
      await page.keyboard.press('Escape');
      await check('runs', `#/integrations/${steps}/runs`, 'Function');
      await page
        .getByRole('button', { name: /^installer\./ })
        .first()
        .click();
      await check('run', undefined, 'Version 1.0.0');
      await check('remove', `#/integrations/${hello}/remove`, 'Force removal');
      await press(page, 'Force removal');
      await check('force', undefined, 'It has no records.');
      await page.keyboard.press('Escape');
      await dashboard.client('POST', '/accesstokens', { name: 'Partner', scope: 'read', description: 'd'.repeat(200) });
      await check('tokens', '#/tokens', 'Partner');
      await press(page, 'Create access token');
      await page.getByLabel('Work with chosen integrations').check();
      await check('token-form', undefined, '0 integrations chosen');
      await page.keyboard.press('Escape');
      await check('audit', '#/audit', 'Administrator');
      await check('server', '#/server', 'Runs since the start');
      await check('backup', '#/server/backup', 'Restore a backup');
      await check('all-runs', '#/runs', 'Integration and function');
      await press(page, 'Sign out');
      await check('sign-in', undefined, 'Administrator’s token');
      await page.context().close();
    },
    LONG_MS,
  );

  test(
    'keyboard: the focus follows the page, and a dialog restores it',
    async () => {
      const page = await dashboard.open('#/connectors');
      await heading(page, 'Connectors');
      await page.getByRole('button', { name: 'Install Hello' }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      const becomes = (what: string, value: unknown): Promise<void> =>
        vi.waitFor(async () => expect(await page.evaluate(what)).toBe(value), LONG_MS);
      await becomes('document.activeElement.closest("dialog") !== null', true);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await becomes('document.activeElement.getAttribute("aria-label")', 'Install Hello');
      await page.getByRole('link', { name: 'Home', exact: true }).focus();
      await page.keyboard.press('Enter');
      await becomes('document.activeElement.id', 'main');
      await becomes('document.title', 'Home · Bulkhead');
      await page.context().close();
    },
    LONG_MS,
  );
});

test(
  'the first load is small, and the page is ready within a second',
  async () => {
    const page = await dashboard.open();
    await page.context().close();
    const fresh = await dashboard.open('#/connectors');
    const bytes = (await fresh.evaluate(LOADED_BYTES)) as number;
    await heading(fresh, 'Connectors');
    await fresh.reload();
    await heading(fresh, 'Connectors');
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(100_000);
    // The minimum of several: the cost itself, without other load on the machine.
    const times: number[] = [];
    for (let i = 0; i < 5 && !times.some((ms) => ms <= 1000); i++) {
      await fresh.reload();
      await heading(fresh, 'Connectors');
      times.push((await fresh.evaluate('performance.now()')) as number);
    }
    expect(Math.min(...times)).toBeLessThanOrEqual(1000);
    await fresh.context().close();
  },
  LONG_MS,
);

test('no page had errors', () => {
  expect(dashboard.faults).toEqual([]);
});
