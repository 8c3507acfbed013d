/** Flows in the dashboard, in a real browser, between two ends of a real application. */
import { json } from 'node:stream/consumers';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type Application, startApplication } from '../flow/application.ts';
import { type FlowScene, makeFlow } from '../flow/scene.ts';
import { type Dashboard, goTo, picture, startDashboard } from '../support/dashboard.ts';
import { installed } from '../support/runtime.ts';
import { press } from './connection-scene.ts';
import { expectAccessible } from './form-page.ts';

const LONG_MS = 120_000;
const NAME = 'Aufträge <b>Ä</b>';

let application: Application;
let dashboard: Dashboard;
let scene: FlowScene;
/** The application refuses the records 3 and 6. */
let isRefusing = true;
/** Requests wait for it. */
let gate: Promise<void> = Promise.resolve();

beforeAll(async () => {
  application = await startApplication();
  application.items = Array.from({ length: 12 }, (_, index) => ({ id: index + 1, name: `<img src=x> ${index + 1}` }));
  application.intercept = async (request, response) => {
    await gate;
    if (request.method !== 'POST') return false;
    const { id } = (await json(request)) as { id: number };
    const isRefused = isRefusing && (id === 3 || id === 6);
    const body = isRefused ? { message: `<i>no</i> ${id}` } : { id };
    response.writeHead(isRefused ? 422 : 201, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    return true;
  };
  dashboard = await startDashboard({
    bundles: {
      hooked: {
        connector: { permissions: { fetch: [application.origin] } },
        code: 'exports.hooks = { stamp: ({ postMapData }) => postMapData.map((data) => ({ data })) };',
      },
    },
    environment: { BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1' },
  });
  scene = await makeFlow(dashboard.client, {
    origin: application.origin,
    integrationId: await installed(dashboard.client, 'hooked'),
    export: { name: 'Bücher' },
    import: {
      http: { method: 'POST', relativeURI: '/one', response: { resourceIdPath: 'id', errorPath: 'message' } },
      hooks: { postMap: { function: 'stamp' } },
    },
    flow: { name: NAME, note: 'kept' },
  });
}, LONG_MS);
afterAll(async () => {
  await dashboard?.close();
  await application?.close();
});

const at = (path = ''): string => `#/integrations/${scene.integrationId}/flows${path}`;
const flow = async () => (await dashboard.client('GET', `/flows/${scene.flowId}`)).body;
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name }).first().waitFor();

const focusIsOn = (page: Page, text: string): Promise<void> =>
  vi.waitFor(async () => expect(await page.evaluate('document.activeElement.textContent')).toBe(text), LONG_MS);

async function open(path?: string, options = {}): Promise<Page> {
  const page = await dashboard.open(at(path), options);
  onTestFinished(() => page.context().close());
  return page;
}

test('a flow is turned off and on, run, watched through a reload, and cancelled', { timeout: LONG_MS }, async () => {
  const page = await open();
  const row = page.getByRole('listitem').filter({ hasText: NAME });
  await row.getByText('Only when started by hand').waitFor();
  await row.getByText('It has not run in the last 30 days.').waitFor();
  const onOff = page.getByRole('switch', { name: `${NAME}: on` });
  await onOff.click();
  await row.getByText('Off: nothing starts it').waitFor();
  expect(await flow()).toMatchObject({ disabled: true, note: 'kept' });
  expect(await page.getByRole('button', { name: /^Run now/ }).isDisabled()).toBe(true);
  // Someone else changes the flow after it was read and before it is written.
  let isFirst = true;
  await page.route(`**/v1/flows/${scene.flowId}`, async (route) => {
    if (isFirst && route.request().method() === 'PUT') {
      isFirst = false;
      await dashboard.client('PUT', `/flows/${scene.flowId}`, { ...(await flow()), other: 'kept' });
    }
    await route.continue();
  });
  await onOff.press('Space');
  await row.getByText('Only when started by hand').waitFor();
  expect(await flow()).not.toHaveProperty('disabled');
  expect(await flow()).toMatchObject({ note: 'kept', other: 'kept' });

  let release = (): void => {};
  gate = new Promise((resolve) => {
    release = resolve;
  });
  onTestFinished(() => release());
  // Someone else was faster.
  await page.evaluate(
    `fetch('v1/flows/${scene.flowId}/run', { method: 'POST', headers: { authorization: 'Bearer ' + sessionStorage['bulkhead.token'] } })
      .then(() => [...document.querySelectorAll('button')].find(({ textContent }) => textContent.startsWith('Run now')).click())`,
  );
  await row.getByText('The flow is running. Wait until its job has ended, or cancel it.').waitFor();
  await page.reload();
  await row.getByRole('link', { name: 'Watch the job' }).click();
  await page.getByText('0 records read').waitFor();
  await page.reload();
  await page.getByRole('progressbar', { name: 'Job' }).waitFor();
  await page.getByRole('link', { name: NAME }).click();
  // A second click on the same place does not cancel.
  await page.getByRole('button', { name: /^Running…/ }).click({ force: true });
  const cancel = page.getByRole('button', { name: `Cancel ${NAME}` });
  await cancel.press('Enter');
  await page.getByRole('table').getByText('Cancelled', { exact: true }).waitFor();
  await focusIsOn(page, `Run now ${NAME}`);
  expect((await dashboard.client('GET', `/jobs?_flowId=${scene.flowId}`)).body).toHaveLength(1);
  release();
});

test('steps, counts, records that failed, retries and the history', { timeout: LONG_MS }, async () => {
  const page = await open(`/${scene.flowId}`);
  await press(page, /^Run now/);
  const steps = page.getByRole('region', { name: 'Steps' }).getByRole('listitem');
  await steps.filter({ hasText: 'Bücher' }).getByText('12 read').waitFor();
  await steps.filter({ hasText: 'postMap: stamp' }).getByText('10 sent').waitFor();
  await steps.getByText('2 failed').waitFor();
  await page.getByRole('table').getByText('Completed with errors').first().waitFor();
  await picture(page, 'flow');
  await expectAccessible(page);
  await page.getByRole('table').getByRole('link').first().click();

  await page.getByText('<i>no</i> 3').first().waitFor();
  await page.getByText('The application has refused the request.').waitFor();
  await page.getByText('Record: ').first().click();
  await page.getByText('"name": "<img src=x> 3"').waitFor();
  expect(await page.locator('main li i, main li img').count()).toBe(0);
  await expectAccessible(page);
  await picture(page, 'flow-job');
  isRefusing = false;
  await page.getByRole('checkbox', { name: 'Select all shown' }).check();
  await page.getByRole('checkbox', { name: '<i>no</i> 6' }).uncheck();
  await press(page, 'Retry selected (1)');
  await heading(page, /^Retry of/);
  await page.getByText('1 succeeded').first().waitFor();
  await page.getByRole('link', { name: 'an earlier job' }).click();
  await page.getByText('1 open, 1 resolved.').waitFor();
  await press(page, 'Resolve all');
  await press(page, 'Mark as resolved');
  await page.getByText('None is open.').waitFor();
  await focusIsOn(page, 'Records that failed');
  await page.getByLabel('Show').selectOption('Resolved');
  await page.getByText('<i>no</i> 6').first().waitFor();

  await page.getByRole('link', { name: NAME }).click();
  await page.locator('.flow-chart canvas').waitFor();
  const slider = page.getByRole('slider', { name: 'Job in the chart' });
  await page.locator('.flow-chart').scrollIntoViewIfNeeded();
  await picture(page, 'flow-chart');
  await slider.press('Home');
  expect(await slider.getAttribute('aria-valuetext')).toContain('Cancelled');
  await slider.press('ArrowRight');
  expect(await slider.getAttribute('aria-valuetext')).toContain('12 records read · 10 succeeded · 2 failed');
  expect(await page.getByRole('table').getByRole('row').count()).toBe(4);
});

test('a schedule in plain words, with its next times; another’s change is not lost', { timeout: LONG_MS }, async () => {
  const page = await open(`/${scene.flowId}`, { timezoneId: 'Europe/Berlin' });
  await press(page, 'Change the schedule');
  await page.getByLabel('The flow starts').selectOption('On some days of the week');
  expect(await page.getByLabel('Time zone').inputValue()).toBe('Europe/Berlin');
  for (const day of ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday']) await page.getByLabel(day).uncheck();
  await press(page, 'Save');
  await page.getByText('Choose at least one day.').waitFor();
  await page.getByLabel('Sunday').check();
  await page.getByLabel('Time of day').fill('07:30');
  const times = page.getByRole('dialog').getByRole('list', { name: 'Next times' }).getByRole('listitem');
  expect(await times.allTextContents()).toEqual(Array(5).fill(expect.stringMatching(/^Sun.* 07:30 (?:CET|CEST|GMT)/)));
  await expectAccessible(page);
  await picture(page, 'flow-schedule');
  await press(page, 'Save');
  await page.getByText('Sunday at 07:30').waitFor();
  expect(await flow()).toMatchObject({ schedule: '? 30 7 ? * 0', timezone: 'Europe/Berlin', note: 'kept' });

  await press(page, 'Change the schedule');
  await page.getByLabel('The flow starts').selectOption('By a cron pattern');
  expect(await page.getByLabel('Pattern').inputValue()).toBe('? 30 7 ? * 0');
  await page.getByLabel('Pattern').fill('0 99 * * *');
  await page.getByLabel('Pattern').press('Enter');
  await page.getByText('The hour “99” is not valid.').waitFor();
  await page.getByLabel('Pattern').fill('0 9 * * *');
  await dashboard.client('PUT', `/flows/${scene.flowId}`, { ...(await flow()), schedule: '0 4 * * *' });
  await press(page, 'Save');
  await page.getByText('Someone else has changed the schedule.').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Every day at 04:00').waitFor();
  await focusIsOn(page, 'Change the schedule');
});

test('a webhook’s address without its token; many flows; looks', { timeout: LONG_MS }, async () => {
  const { client } = dashboard;
  const _integrationId = (await client('POST', '/integrations', { name: 'many' })).body._id;
  const there = `#/integrations/${_integrationId}/flows`;
  const page = await open('', { colorScheme: 'dark', viewport: { width: 360, height: 740 } });
  await goTo(page, there);
  await heading(page, 'No flows yet');
  const hook = { _integrationId, name: 'Orders', type: 'webhook', webhook: { token: 'the-path-token' } };
  const _exportId = (await client('POST', '/exports', hook)).body._id;
  const one = (name: string) => client('POST', '/flows', { _integrationId, name, pageGenerators: [{ _exportId }] });
  await Promise.all(Array.from({ length: 120 }, (_, index) => one(`Flow ${index + 1}`)));
  await page.getByText('120 flows').waitFor();
  const rows = page.locator('.flow-row');
  await vi.waitFor(async () => expect(await rows.count()).toBe(50), LONG_MS);
  await press(page, 'Show more flows');
  await vi.waitFor(async () => expect(await rows.count()).toBe(100), LONG_MS);
  await page.getByLabel('Search flows').fill('flow 120');
  await page.getByText('1 of 120 flows').waitFor();
  await page.getByText('When its webhook receives something').waitFor();
  await picture(page, 'flows-dark-phone');
  const fits = async () => expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  await fits();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Flow 120' }).click();
  const address = page.getByLabel('Address of the webhook Orders');
  expect(await address.inputValue()).toBe(`${dashboard.server.url}/v1/exports/${_exportId}/{token}/data`);
  expect(await page.content()).not.toContain('the-path-token');
  await goTo(page, at(`/${scene.flowId}`));
  await page.locator('.flow-chart canvas').waitFor();
  await fits();
  await picture(page, 'flow-dark-phone');
  await expectAccessible(page);
  await goTo(page, at(`/${'0'.repeat(24)}`));
  await heading(page, 'Flow not found');
});

test('no page had errors', async () => {
  expect(dashboard.faults).toEqual([]);
});
