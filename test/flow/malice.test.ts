/** Flows, applications and hooks that mean harm, or are changed at the wrong moment (contract 10.6 and 16). */

import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { errorsOf } from '../support/client.ts';
import { openEvents } from '../support/events.ts';
import { installed, serveForAll, TOKEN } from '../support/runtime.ts';
import { type Application, type Item, startApplication } from './application.ts';
import { ended, makeFlow, runToEnd, start } from './scene.ts';

let application: Application;
beforeAll(async () => {
  application = await startApplication();
});
afterAll(() => application.close());
beforeEach(() => {
  application.received.clear();
  application.requests.splice(0);
  application.intercept = () => false;
  application.items = ids(3).map((id) => ({ id }));
});

const ids = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const SECRET = 'open sesame';

const CODE = `
exports.hooks = {
  fail: () => { throw new Error('on purpose'); },
  refuse: ({ data }) => data.map(() => ({ errors: [{ code: 'no', message: 'never' }] })),
};
const told = ({ connection }) => 'signed in with ' + connection.wrapper.encrypted.password;
exports.wrappers = {
  accept: ({ postMapData }) => postMapData.map(() => ({ statusCode: 200 })),
  tellInErrors: (options) => ({ data: [{ id: 1 }], lastPage: true, errors: [{ code: told(options), message: told(options), source: told(options) }] }),
  tellWhenRefused: (options) => options.postMapData.map(() => ({ statusCode: 422, errors: [{ code: 'no', message: told(options) }] })),
  tellAndThrow: (options) => { throw Object.assign(new Error(told(options)), { code: told(options) }); },
  tellOffline: (options) => ({ connectionOffline: true, errors: [{ code: 'no', message: told(options) }] }),
};`;

const served = serveForAll(
  () => ({ hostile: { code: CODE, connector: { permissions: { fetch: [application.origin] } } } }),
  { allowPrivateNetwork: '127.0.0.1' },
);

const own = async (): Promise<string> => (await served().client('POST', '/integrations', { name: 'own' })).body._id;
const connected = (): Promise<string> => installed(served().client, 'hostile');
describe('a webhook', () => {
  const webhook = async (fields: object) => {
    const own = { type: 'webhook', http: undefined, _connectionId: undefined, webhook: { token: 't' }, ...fields };
    const { client } = served();
    const integrationId = (await client('POST', '/integrations', { name: 'hooked' })).body._id;
    return makeFlow(client, { origin: application.origin, integrationId, export: own, flow: { disabled: true } });
  };

  test.each([
    ['that arrived together are more than a page', { pageSize: 10 }, ids(25).map((id) => ({ id }))],
    ['of three bytes a character', {}, ids(5).map((id) => ({ id, text: '漢'.repeat(300_000) }))],
    [
      'that become larger when they are written anew',
      {},
      ids(2).map((id) => `{"id":${id},"n":[${'1e20,'.repeat(150_000)}1]}`),
    ],
  ])('loses no messages %s', async (_, fields, messages) => {
    const { client, runtime } = served();
    const { exportId, flowId } = await webhook(fields);
    const bodies =
      messages.length > 10
        ? [JSON.stringify(messages)]
        : messages.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)));
    for (const body of bodies) {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${runtime.url}/v1/exports/${exportId}/t/data`, { method: 'POST', headers, body });
      expect(answer.status).toBe(204);
    }
    const flow = (await client('GET', `/flows/${flowId}`)).body;
    await client('PUT', `/flows/${flowId}`, { ...flow, disabled: false });
    const job = await runToEnd(client, flowId);
    expect(job).toMatchObject({ status: 'completed', numExport: messages.length });
    expect([...application.received].sort(([a], [b]) => a - b)).toEqual(ids(messages.length).map((id) => [id, 1]));
  });
});

describe('a flow is refused', () => {
  test.each<[string, object, string]>([
    ['whose schedule is never due', { schedule: '0 0 30 2 *' }, 'schedule'],
    [
      'with thousands of schedules',
      {
        pageGenerators: Array.from({ length: 4_000 }, (_, i) => ({
          schedule: `${i % 60} ${Math.floor(i / 60) % 24} ${1 + Math.floor(i / 1_440)} * *`,
        })),
      },
      'pageGenerators',
    ],
    ['in a time zone that does not exist', { schedule: '0 0 * * *', timezone: 'Mars/Olympus' }, 'timezone'],
  ])('%s', async (_, flow, field) => {
    const refused = await served().client('POST', '/flows', { _integrationId: await own(), name: 'f', ...flow });
    expect([refused.status, ...errorsOf(refused)]).toEqual([422, ['invalid_field', field]]);
  });

  test('when it is to run an export that it does not have', async () => {
    const { client } = served();
    const { flowId, exportId } = await makeFlow(client, { origin: application.origin, integrationId: await own() });
    const other = await makeFlow(client, { origin: application.origin, integrationId: await own() });
    const refused = await client('POST', `/flows/${flowId}/run`, { _exportIds: [other.exportId] });
    expect([refused.status, ...errorsOf(refused)]).toEqual([422, ['invalid_field', '_exportIds']]);
    expect((await client('POST', `/flows/${flowId}/run`, { _exportIds: [exportId] })).status).toBe(201);
  });

  test('when its records together are larger than a page should carry', async () => {
    const { client } = served();
    const text = 'x'.repeat(900_000);
    const integrationId = await own();
    const { flowId, importId, connectionId } = await makeFlow(client, { origin: application.origin, integrationId });
    const imports = [importId];
    for (let i = 0; i < 5; i++) {
      const fields = { _integrationId: integrationId, _connectionId: connectionId, name: `i${i}`, text };
      imports.push((await client('POST', '/imports', fields)).body._id);
    }
    const flow = (await client('GET', `/flows/${flowId}`)).body;
    const pageProcessors = imports.map((_importId) => ({ type: 'import', _importId }));
    expect((await client('PUT', `/flows/${flowId}`, { ...flow, pageProcessors })).status).toBe(200);
    const job = await runToEnd(client, flowId);
    expect([job.status, job.errors[0].code]).toEqual(['failed', 'invalid_field']);
  });
});

describe('a job ends', () => {
  test('at once when a page has failed, although the next one is to be read in an hour', async () => {
    const { client } = served();
    const paused = Promise.withResolvers<void>();
    application.intercept = async ({ method, url }, response) => {
      if (method !== 'GET' || !url?.includes('page=2')) return false;
      response.writeHead(429, { 'retry-after': '3600' }).end();
      paused.resolve();
      return true;
    };
    application.items = ids(100).map((id) => ({ id }));
    const { flowId } = await makeFlow(client, {
      origin: application.origin,
      integrationId: await connected(),
      import: {
        http: { method: 'POST', relativeURI: '/batch' },
        hooks: { preMap: { function: 'fail' } },
      },
    });
    const job = await runToEnd(client, flowId);
    expect([job.status, job.errors[0].code]).toEqual(['failed', 'hook_failed']);
    await paused.promise;
  });

  test('when the exports or steps of its flow change; the next one reads the same', async () => {
    const { client } = served();
    application.items = ids(250).map((id) => ({ id }));
    const integrationId = await own();
    const scene = await makeFlow(client, { origin: application.origin, integrationId });
    const other = await makeFlow(client, { origin: application.origin, integrationId });
    const first = Promise.withResolvers<void>();
    const changed = Promise.withResolvers<void>();
    application.intercept = async ({ method }) => {
      if (method !== 'POST') return false;
      first.resolve();
      await changed.promise;
      return false;
    };
    const jobId = await start(client, scene.flowId);
    await first.promise;
    const flow = (await client('GET', `/flows/${scene.flowId}`)).body;
    const pageGenerators = [{ _exportId: other.exportId }, ...flow.pageGenerators];
    expect((await client('PUT', `/flows/${scene.flowId}`, { ...flow, pageGenerators })).status).toBe(200);
    changed.resolve();
    const job = await ended(client, jobId);
    expect([job.status, job.errors?.[0].code]).toEqual(['failed', 'flow_changed']);
    expect(await runToEnd(client, scene.flowId)).toMatchObject({ status: 'completed', numExport: 500 });
  });
});

test('records that failed are sent again to their import, wherever it stands in the flow by then', async () => {
  const { client } = served();
  const integrationId = await own();
  const scene = await makeFlow(client, { origin: application.origin, integrationId });
  const { _id: second } = (
    await client('POST', '/imports', {
      _integrationId: integrationId,
      _connectionId: scene.connectionId,
      name: 'second',
      http: { method: 'POST', relativeURI: '/second' },
    })
  ).body;
  let status = 422;
  const sent: unknown[] = [];
  application.intercept = async (request, response) => {
    if (request.url !== '/second') return false;
    sent.push(await json(request));
    response.writeHead(status).end('{}');
    return true;
  };
  const flow = (await client('GET', `/flows/${scene.flowId}`)).body;
  const steps = [scene.importId, second].map((_importId) => ({ type: 'import', _importId }));
  await client('PUT', `/flows/${scene.flowId}`, { ...flow, pageProcessors: steps });
  const job = await runToEnd(client, scene.flowId);
  expect(job).toMatchObject({ numSuccess: 3, numError: 3, numOpenError: 3 });
  const before = (await client('GET', `/flows/${scene.flowId}`)).body;
  await client('PUT', `/flows/${scene.flowId}`, { ...before, pageProcessors: steps.toReversed() });
  application.received.clear();
  sent.splice(0);
  status = 200;
  const retried = (await client('POST', `/jobs/${job._id}/retry`)).body._jobId;
  expect(await ended(client, retried)).toMatchObject({ status: 'completed', numError: 0 });
  // Requests of one record each overtake one another.
  expect(new Set(sent.map((record) => (record as Item).id))).toEqual(new Set([1, 2, 3]));
  expect(sent).toHaveLength(3);
  await vi.waitFor(async () => expect((await client('GET', `/jobs/${job._id}`)).body.numOpenError).toBe(0));
});

describe('no credential of a wrapper is in what a job shows', () => {
  test.each([
    ['tellInErrors', 'accept'],
    ['tellAndThrow', 'accept'],
    ['tellOffline', 'accept'],
    ['', 'tellWhenRefused'],
    ['', 'tellAndThrow'],
  ])('export %s, import %s', async (reads, writes) => {
    const { client, runtime } = served();
    const integrationId = await connected();
    const connection = { _integrationId: integrationId, name: 'w', type: 'wrapper' };
    const { _id: _connectionId } = (
      await client('POST', '/connections', { ...connection, wrapper: { encrypted: { password: SECRET } } })
    ).body;
    const wrapped = { _connectionId, type: undefined, http: undefined };
    const events = await openEvents(runtime.url, TOKEN, { query: `?_integrationId=${integrationId}` });
    const { flowId } = await makeFlow(client, {
      origin: application.origin,
      integrationId,
      ...(reads ? { export: { ...wrapped, adaptorType: 'WrapperExport', wrapper: { function: reads } } } : {}),
      import: { ...wrapped, adaptorType: 'WrapperImport', wrapper: { function: writes } },
    });
    const job = await runToEnd(client, flowId);
    const errors = (await client('GET', `/jobs/${job._id}/joberrors`)).text;
    const runs = (await client('GET', `/integrations/${integrationId}/runs`)).text;
    await vi.waitFor(() => expect(events.all.map(({ name }) => name)).toContain('job.ended'));
    const shown = JSON.stringify(job) + errors + runs + JSON.stringify(events.all);
    expect(shown).toContain('signed in with [redacted]');
    expect(shown).not.toContain(SECRET);
  });
});
