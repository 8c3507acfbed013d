/** What an operator looks at: the last day and what is ahead on Home, tiles, and what a connector's author says. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Application, startApplication } from '../flow/application.ts';
import { ended, makeFlow, start } from '../flow/scene.ts';
import { type Dashboard, goTo, picture, startDashboard } from '../support/dashboard.ts';
import { connectorIdOf, installed } from '../support/runtime.ts';
import { expectAccessible } from './form-page.ts';

const LONG_MS = 120_000;

/** Its removal takes two steps. */
const leaving = {
  connector: { title: 'Leaving', preUninstallFunction: 'steps' },
  code: `exports.uninstaller = {
    steps: () => ['first', 'second'].map((name) => ({ name, uninstallerFunction: name })),
    first: () => ({ success: true }),
    second: () => ({ success: true }),
  };`,
};

let application: Application;
let dashboard: Dashboard;
beforeAll(async () => {
  application = await startApplication();
  application.items = Array.from({ length: 5 }, (_, index) => ({ id: index + 1 }));
  application.intercept = async (request, response) => {
    if (request.method !== 'POST') return false;
    const { id } = (await json(request)) as { id: number };
    const body = id === 3 ? { message: 'no' } : { id };
    response.writeHead(id === 3 ? 422 : 201, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    return true;
  };
  const permissions = { fetch: [application.origin] };
  dashboard = await startDashboard({
    bundles: { shop: { connector: { title: 'Shop', permissions }, code: 'exports.settings = {};' }, leaving },
    environment: { BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1' },
  });
}, LONG_MS);
afterAll(async () => {
  await dashboard?.close();
  await application?.close();
});

async function open(path?: string, options?: BrowserContextOptions): Promise<Page> {
  const page = await dashboard.open(path, options);
  onTestFinished(() => page.context().close());
  return page;
}

const fits = async (page: Page) =>
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);

test('Home shows the jobs of the last day and what is ahead, and says what to do while there are none', {
  timeout: LONG_MS,
}, async () => {
  const integrationId = await installed(dashboard.client, 'shop', { name: 'Shop' });
  const page = await open('#/', { timezoneId: 'Asia/Kolkata' });
  await page.getByRole('region', { name: 'No flows yet' }).getByRole('link', { name: 'see connectors' }).waitFor();
  const scene = await makeFlow(dashboard.client, {
    origin: application.origin,
    integrationId,
    import: {
      http: { method: 'POST', relativeURI: '/one', response: { resourceIdPath: 'id', errorPath: 'message' } },
    },
    flow: { name: 'Orders <b>' },
  });
  await page.getByText('Run one: see the flows of Shop.').waitFor();
  await page.getByText('No flow has a schedule.').waitFor();
  await picture(page, 'home-without-jobs');

  await dashboard.client('PATCH', `/flows/${scene.flowId}`, [
    { op: 'add', path: '/schedule', value: '0 0 29 2 *' },
    { op: 'add', path: '/timezone', value: 'Europe/Berlin' },
  ]);
  const ahead = page.getByRole('region', { name: 'Next on schedule' });
  await ahead.getByText('of Shop').waitFor();
  await ahead.getByText(/^By the pattern 0 0 29 2 \* \(Europe\/Berlin\)$/).waitFor();
  await dashboard.client('PATCH', `/flows/${scene.flowId}`, [
    { op: 'replace', path: '/schedule', value: '? 0 2 ? * *' },
  ]);
  await ahead.getByText('Every day at 02:00 (Europe/Berlin)').waitFor();

  await ended(dashboard.client, await start(dashboard.client, scene.flowId));
  await page.getByText('Last flow: completed with errors, 5 records, 1 of them failed').waitFor();
  await page.locator('.flow-chart canvas').waitFor();
  await page.getByRole('img', { name: 'by hour. 1 job: 1 completed, 0 failed.' }).waitFor();
  const slider = page.getByRole('slider', { name: 'Hour in the chart' });
  // In hours of the user's clock, which is half an hour off.
  expect(await slider.getAttribute('aria-valuetext')).toMatch(/^\d\d:00–\d\d:00: 1 completed, 0 failed$/);
  await slider.press('Home');
  expect(await slider.getAttribute('aria-valuetext')).toMatch(/: no jobs$/);
  await page.getByText('Show as a table').click();
  await page.getByRole('row', { name: /^\d\d:00–\d\d:00 1 0 0 0$/ }).waitFor();
  await expectAccessible(page);
  await picture(page, 'home');
  await ahead.getByRole('link', { name: 'Orders <b>' }).click();
  await page.getByRole('heading', { name: 'Orders <b>', level: 2 }).waitFor();

  const phone = await open('#/', { colorScheme: 'dark', viewport: { width: 390, height: 844 } });
  await phone.locator('.flow-chart canvas').waitFor();
  await fits(phone);
  await expectAccessible(phone);
  await picture(phone, 'home-dark-phone');
});

const README = `### Shop and *ledger*

Books orders. [Manual](https://shop.example/manual) [bad](javascript:alert(1)) <img src=x onerror=alert(1)>
![tracker](https://shop.example/pixel.png)

| Setting | Meaning |
| --- | --- |
| \`chart\` | ${'wide'.repeat(60)} |

\`\`\`
${'npm install '.repeat(40)}
\`\`\`
${'> '.repeat(200)}deep
`;

test('a connector’s page shows README and changelog, of which nothing runs', { timeout: LONG_MS }, async () => {
  const id = await connectorIdOf(dashboard.client, 'shop');
  const page = await open(`#/connectors/${id}`);
  await page.getByRole('heading', { name: 'What it may do' }).waitFor();
  expect(await page.getByText('What its author says').count()).toBe(0);
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await writeFile(join(dashboard.connectors, 'shop/README.md'), README);
  await writeFile(join(dashboard.connectors, 'shop/CHANGELOG.md'), '## 1.0.0\n\n- First\n');
  const readme = page.getByRole('region', { name: 'What its author says' });
  await readme.getByRole('heading', { name: 'Shop and ledger', level: 3 }).waitFor();
  const manual = readme.getByRole('link', { name: 'Manual' });
  expect(await manual.getAttribute('rel')).toContain('noopener');
  expect(await readme.getByRole('link').count()).toBe(1);
  await readme.getByText('<img src=x onerror=alert(1)>').waitFor();
  expect(await readme.locator('img, script, iframe').count()).toBe(0);
  await page.getByText('Show the changelog').click();
  await page.getByRole('heading', { name: '1.0.0', level: 3 }).waitFor();
  await expectAccessible(page);
  await picture(page, 'connector-readme');
  expect(requests.filter((url) => !url.startsWith(new URL(dashboard.server.url).origin))).toEqual([]);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await fits(page);
  await expectAccessible(page);
  await readme.scrollIntoViewIfNeeded();
  await picture(page, 'connector-readme-dark-phone');

  // The largest that is shown, of what makes the most elements.
  await writeFile(join(dashboard.connectors, 'shop/README.md'), '- `a` [b](https://c.example)\n'.repeat(9_000));
  await page.getByText('The rest is too long to be shown here.').waitFor();
  await goTo(page, '#/');
  await page.getByRole('heading', { name: 'Home' }).waitFor();
  expect(dashboard.faults).toEqual([]);
});

test('a removal asks before it begins, and is called off until its first step is done', {
  timeout: LONG_MS,
}, async () => {
  const id = await installed(dashboard.client, 'leaving', { name: 'Leaving soon' });
  const modeOf = async () => (await dashboard.client('GET', `/integrations/${id}`)).body.mode;
  const page = await open(`#/integrations/${id}/remove`);
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  await press('Start removal');
  await page.getByText('You can call the removal off until its first step is done.').waitFor();
  await press('Keep it');
  expect(await modeOf()).toBe('settings');

  await press('Start removal');
  await page.getByRole('dialog').getByRole('button', { name: 'Start removal' }).click();
  await page.getByText('No step is done yet').waitFor();
  const permanently = page.getByRole('button', { name: 'Remove permanently' });
  expect(await permanently.isDisabled()).toBe(true);
  expect(await page.evaluate("getComputedStyle(document.querySelector('.button:disabled')).cursor")).toBe(
    'not-allowed',
  );
  await expectAccessible(page);
  await picture(page, 'removal-begun');
  await press('Call the removal off');
  await page.getByText('The removal of Leaving soon was called off.').waitFor();
  await page.getByRole('button', { name: 'Start removal' }).waitFor();
  expect(await modeOf()).toBe('settings');

  await press('Start removal');
  await page.getByRole('dialog').getByRole('button', { name: 'Start removal' }).click();
  await page.getByRole('button', { name: 'Call the removal off' }).waitFor();
  await page.locator('.step-body .button').first().click();
  await page.getByText('1 step left').waitFor();
  expect(await page.getByRole('button', { name: 'Call the removal off' }).count()).toBe(0);
  expect(await modeOf()).toBe('uninstall');
  expect(dashboard.faults).toEqual([]);
});

test('a page whose code cannot be loaded says so, and is there at the next try', { timeout: LONG_MS }, async () => {
  const id = await installed(dashboard.client, 'leaving', { name: 'Late' });
  const page = await open();
  await page.route('**/integration-page.js', (route) => route.abort());
  await goTo(page, `#/integrations/${id}`);
  await page.getByText('The page could not be loaded. Reload it in the browser.').waitFor();
  await page.unroute('**/integration-page.js');
  await page.reload();
  await page.getByRole('heading', { name: 'Late', level: 1 }).waitFor();
  expect(dashboard.faults).toEqual([]);
});
