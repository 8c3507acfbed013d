/** Flows that run: from one application to another, page by page (contract 16). */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { errorsOf } from '../support/client.ts';
import { openEvents } from '../support/events.ts';
import { installed, serveForAll, TOKEN } from '../support/runtime.ts';
import { type Application, startApplication } from './application.ts';
import { ended, jobOf, makeFlow, runToEnd, start } from './scene.ts';

let application: Application;
beforeAll(async () => {
  application = await startApplication();
});
afterAll(() => application.close());
beforeEach(() => {
  application.received.clear();
  application.distinct.clear();
  application.requests.splice(0);
  application.intercept = () => false;
  application.items = Array.from({ length: 250 }, (_, index) => ({ id: index + 1, name: `item ${index + 1}` }));
});

const HOOKS = `
let calls = 0;
exports.hooks = {
  count: () => ({ data: [{ id: ++calls }], errors: [], abort: true }),
  withoutOdd: async ({ data, pageIndex }) => {
    console.log('page ' + pageIndex + ' has ' + data.length);
    return { data: data.filter(({ id }) => id % 2 === 0), errors: [], abort: false, newErrorsAndRetryData: [] };
  },
  stamp: ({ postMapData }) => postMapData.map((data) => ({ data: { ...data, stamped: true } })),
  refuseThree: ({ data }) => data.map((record) =>
    record.id === 3 ? { errors: [{ code: 'three', message: 'not three' }] } : { data: record }),
  remember: async ({ data, _integrationId }) => {
    await fetch('/v1/integrations/' + _integrationId + '/state/last', { method: 'PUT', body: JSON.stringify(data.length) });
    return { data, errors: [] };
  },
  busy: () => { for (;;); },
};
exports.wrappers = {
  readAll: async ({ state = { next: 1 }, connection }) => {
    console.log('signs in with ' + connection.wrapper.encrypted.password);
    const data = [{ id: state.next }, { id: state.next + 1 }];
    return { data, lastPage: state.next >= 5, state: { next: state.next + 2 } };
  },
  writeAll: async ({ postMapData }) => postMapData.map(({ id }) =>
    id === 4 ? { statusCode: 422, errors: [{ code: 'four', message: 'not four' }] } : { statusCode: 200, id: 'x' + id }),
};`;

const served = serveForAll(
  () => ({ hooked: { code: HOOKS, connector: { permissions: { fetch: [application.origin] } } } }),
  { allowPrivateNetwork: '127.0.0.1' },
);

const own = async (): Promise<string> => (await served().client('POST', '/integrations', { name: 'own' })).body._id;
const connected = (): Promise<string> => installed(served().client, 'hooked');
const ids = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test('flows that run one after the other use the same isolate', async () => {
  const { client } = served();
  const integrationId = await connected();
  const parts = {
    origin: application.origin,
    integrationId,
    export: { hooks: { preSavePage: { function: 'count' } } },
  };
  for (const count of [1, 2]) {
    const { flowId } = await makeFlow(client, parts);
    await runToEnd(client, flowId);
    // The second counts on.
    expect([...application.received.keys()]).toEqual(ids(count));
  }
});

describe('a flow of a user', () => {
  test('sends every record once, page by page, and says how it goes', async () => {
    const { client, runtime } = served();
    const integrationId = await own();
    const { flowId, exportId, importId } = await makeFlow(client, { origin: application.origin, integrationId });
    const events = await openEvents(runtime.url, TOKEN, { query: `?_integrationId=${integrationId}` });
    const job = await runToEnd(client, flowId);
    expect(job).toMatchObject({
      type: 'flow',
      status: 'completed',
      triggeredBy: 'user',
      numExport: 250,
      numSuccess: 250,
      numError: 0,
      numIgnore: 0,
      numOpenError: 0,
      doneExporting: true,
    });
    expect([...application.received].sort(([a], [b]) => a - b)).toEqual(ids(250).map((id) => [id, 1]));
    const steps = (await client('GET', `/jobs?_flowJobId=${job._id}`)).body;
    expect(
      steps.map(({ type, _exportId, _importId, numSuccess }: Record<string, unknown>) => [
        type,
        _exportId,
        _importId,
        numSuccess,
      ]),
    ).toEqual(
      expect.arrayContaining([
        ['export', exportId, undefined, 250],
        ['import', undefined, importId, 250],
      ]),
    );
    await vi.waitFor(() => expect(events.all.map(({ name }) => name)).toContain('job.ended'));
    expect(events.all.filter(({ name }) => name.startsWith('job.')).map(({ name }) => name)[0]).toBe('job.started');
    // Checkpoints of pages are no changes that anybody would show.
    const changes = events.all.filter(({ name }) => name === 'integration.changed').map(({ data }) => data.changed);
    expect(changes).toEqual([['flows']]);
    const metrics = (await client('GET', '/metrics')).text;
    expect(metrics).toMatch(/^bulkhead_jobs_total\{status="completed"\} \d+$/m);
    expect(metrics).toMatch(/^bulkhead_job_records_total\{result="success"\} \d+$/m);
    const tile = (await client('GET', `/tiles?_integrationId=${integrationId}`)).body[0];
    expect(tile.lastJob).toMatchObject({ _id: job._id, status: 'completed', numSuccess: 250 });
    expect((await client('GET', `/flows/${flowId}`)).body.lastExecutedAt).toBe(job.startedAt);
    expect((await client('GET', `/flows/${flowId}/jobs/latest`)).body.map(({ _id }: { _id: string }) => _id)).toEqual([
      job._id,
    ]);
  });

  test('each page is a run with a record; the token and the credentials are not in it', async () => {
    const { client } = served();
    const integrationId = await own();
    const { flowId } = await makeFlow(client, { origin: application.origin, integrationId });
    await runToEnd(client, flowId);
    const runs = (await client('GET', `/integrations/${integrationId}/runs`)).body;
    const names = new Set(runs.map((run: { section: string; function: string }) => `${run.section}.${run.function}`));
    expect(names).toEqual(new Set(['flow.generate', 'flow.process']));
    expect(JSON.stringify(runs)).not.toContain('the-application-token');
  });

  test('an export that finds nothing is a job that has done nothing', async () => {
    application.items = [];
    const { client } = served();
    const { flowId } = await makeFlow(client, { origin: application.origin, integrationId: await own() });
    expect(await runToEnd(client, flowId)).toMatchObject({ status: 'completed', numExport: 0, numSuccess: 0 });
  });

  test('one job at a time; it is cancelled within a second', async () => {
    const { client } = served();
    const arrived = Promise.withResolvers<void>();
    application.intercept = ({ method, url }) => {
      if (method === 'POST' && url === '/batch') arrived.resolve();
      return method === 'POST' && url === '/batch';
    };
    const { flowId } = await makeFlow(client, { origin: application.origin, integrationId: await own() });
    const jobId = await start(client, flowId);
    await arrived.promise;
    const second = await client('POST', `/flows/${flowId}/run`);
    expect([second.status, ...errorsOf(second)]).toEqual([409, ['flow_running']]);
    const at = performance.now();
    expect((await client('PUT', `/jobs/${jobId}/cancel`)).body.status).toMatch(/^cancel/);
    expect((await ended(client, jobId)).status).toBe('canceled');
    expect(performance.now() - at).toBeLessThan(2_000);
    application.intercept = () => false;
    expect((await runToEnd(client, flowId)).status).toBe('completed');
  });

  test('records that the application refuses are kept, and sent again', async () => {
    const { client } = served();
    application.items = ids(5).map((id) => ({ id }));
    let isRefusing = true;
    application.intercept = async (request, response) => {
      if (request.url !== '/one' || !isRefusing) return false;
      let body = '';
      for await (const piece of request) body += piece;
      const { id } = JSON.parse(body);
      response.writeHead(id % 2 ? 422 : 201, { 'content-type': 'application/json' });
      response.end(JSON.stringify(id % 2 ? { message: `no ${id}` } : { id }));
      return true;
    };
    const { flowId } = await makeFlow(client, {
      origin: application.origin,
      integrationId: await own(),
      import: { http: { method: 'POST', relativeURI: '/one', response: { resourceIdPath: 'id' } } },
    });
    const job = await runToEnd(client, flowId);
    expect(job).toMatchObject({ status: 'completed', numSuccess: 2, numError: 3, numOpenError: 3, retriable: true });
    const errors = (await client('GET', `/jobs/${job._id}/joberrors`)).body;
    const one = await client('GET', `/jobs/${job._id}/joberrors/${errors.at(-1)._id}`);
    expect(one.body).toEqual(errors.at(-1));
    expect((await client('GET', `/jobs/${job._id}/joberrors/${job._id}`)).status).toBe(404);
    expect(errors.map(({ data, step, resolved }: Record<string, unknown>) => [data, step, resolved])).toEqual(
      [1, 3, 5].map((id) => [{ id }, 0, false]),
    );
    isRefusing = false;
    const retried = await client('POST', `/jobs/${job._id}/retry`, { _jobErrorIds: [errors[0]._id, errors[1]._id] });
    expect(retried.status).toBe(201);
    expect(await ended(client, retried.body._jobId)).toMatchObject({
      type: 'retry',
      status: 'completed',
      numSuccess: 2,
    });
    await vi.waitFor(async () =>
      expect(await jobOf(client, job._id)).toMatchObject({ numOpenError: 1, numResolved: 2 }),
    );
    expect([...application.received.keys()].sort()).toEqual([1, 3]);
    const left = (await client('GET', `/jobs/${job._id}/joberrors?resolved=false`)).body;
    expect((await client('PUT', `/jobs/${job._id}/joberrors/${left[0]._id}/resolve`)).status).toBe(204);
    expect(await jobOf(client, job._id)).toMatchObject({ numOpenError: 0, numResolved: 3, retriable: false });
  });

  test('a delta export asks for what has changed since its last job that was completed', async () => {
    const { client } = served();
    const { flowId } = await makeFlow(client, {
      origin: application.origin,
      integrationId: await own(),
      export: {
        type: 'delta',
        http: {
          method: 'GET',
          relativeURI: '/items?since={{lastExportDateTime}}',
          response: { resourcePath: 'items' },
        },
      },
    });
    const since = (): (string | null)[] =>
      application.requests
        .splice(0)
        .filter((line) => line.startsWith('GET'))
        .map((line) => new URL(line.slice(4), application.origin).searchParams.get('since'));
    const first = await runToEnd(client, flowId);
    expect(since()).toEqual(['1970-01-01T00:00:00.000Z']);
    application.intercept = ({ method }, response) => {
      if (method === 'POST') return false;
      response.writeHead(400).end('{}');
      return true;
    };
    expect((await runToEnd(client, flowId)).status).toBe('failed');
    expect(since()).toEqual([first.startedAt]);
    application.intercept = () => false;
    await runToEnd(client, flowId);
    expect(since()).toEqual([first.startedAt]);
    await runToEnd(client, flowId, { startDate: '2020-02-02T00:00:00Z' });
    expect(since()).toEqual(['2020-02-02T00:00:00.000Z']);
  });

  test('a connection that is refused goes offline and says so; one that works comes back', async () => {
    const { client } = served();
    application.intercept = (_, response) => {
      response.writeHead(401).end('{}');
      return true;
    };
    const { flowId, connectionId } = await makeFlow(client, { origin: application.origin, integrationId: await own() });
    const job = await runToEnd(client, flowId);
    expect([job.status, job.errors[0].code]).toEqual(['failed', 'connection_offline']);
    expect((await client('GET', `/connections/${connectionId}`)).body.offline).toBe(true);
    application.intercept = () => false;
    expect((await runToEnd(client, flowId)).status).toBe('completed');
    expect((await client('GET', `/connections/${connectionId}`)).body.offline).toBe(undefined);
  });

  test('an application that is busy is asked again when it says so', async () => {
    const { client } = served();
    let busy = 2;
    application.intercept = (_, response) => {
      if (busy-- <= 0) return false;
      response.writeHead(busy === 1 ? 429 : 503, { 'retry-after': '0' }).end();
      return true;
    };
    const { flowId } = await makeFlow(client, { origin: application.origin, integrationId: await own() });
    expect(await runToEnd(client, flowId)).toMatchObject({ status: 'completed', numSuccess: 250 });
  });

  test('the same page for ever ends the job', async () => {
    const { client } = served();
    application.intercept = ({ method }, response) => {
      if (method !== 'GET') return false;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ items: ids(3).map((id) => ({ id })) }));
      return true;
    };
    const { flowId } = await makeFlow(client, { origin: application.origin, integrationId: await own() });
    const job = await runToEnd(client, flowId);
    expect([job.status, job.errors[0].code]).toEqual(['failed', 'export_loops']);
  });

  test('is started by its schedule, and not once it is disabled', async () => {
    const { client } = served();
    const { flowId } = await makeFlow(client, {
      origin: application.origin,
      integrationId: await own(),
      flow: { schedule: '* * * * * *' },
    });
    const job = await vi.waitFor(
      async () => {
        const [latest] = (await client('GET', `/flows/${flowId}/jobs/latest`)).body;
        expect(latest?.status).toBe('completed');
        return latest;
      },
      { timeout: 15_000, interval: 20 },
    );
    expect(job).toMatchObject({ triggeredBy: 'schedule', scheduledAt: expect.stringMatching(/\.000Z$/) });
    const flow = (await client('GET', `/flows/${flowId}`)).body;
    await vi.waitFor(async () => {
      const etag = (await client('GET', `/flows/${flowId}`)).headers.get('etag') ?? '';
      expect((await client('PUT', `/flows/${flowId}`, { ...flow, disabled: true }, { 'if-match': etag })).status).toBe(
        200,
      );
    });
    const refused = await client('POST', `/flows/${flowId}/run`);
    expect([refused.status, ...errorsOf(refused)]).toEqual([422, ['invalid_field', 'disabled']]);
  });
});

describe('a flow that cannot run', () => {
  test.each([
    ['without an export', { pageGenerators: [] }, 'pageGenerators'],
    ['with routers', { routers: [{}] }, 'routers'],
    ['whose schedule is not one', { schedule: 'now' }, 'schedule'],
  ])('%s', async (_, flow, field) => {
    const { client } = served();
    const made = makeFlow(client, { origin: application.origin, integrationId: await own(), flow });
    if (field === 'schedule') return expect(made).rejects.toThrow('invalid_field');
    const reply = await client('POST', `/flows/${(await made).flowId}/run`);
    expect([reply.status, ...errorsOf(reply)]).toEqual([422, ['invalid_field', field]]);
  });
});

describe("a connector's flow", () => {
  const hook = (name: string) => ({ function: name });

  test('runs its hooks in their order, and their changes are stored with the page', async () => {
    const { client } = served();
    const integrationId = await connected();
    const bodies: { id: number; stamped?: boolean }[] = [];
    application.intercept = async (request, response) => {
      if (request.method !== 'POST') return false;
      let body = '';
      for await (const piece of request) body += piece;
      bodies.push(...JSON.parse(body));
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(JSON.parse(body).map(({ id }: { id: number }) => ({ id }))));
      return true;
    };
    const { flowId } = await makeFlow(client, {
      origin: application.origin,
      integrationId,
      export: {
        http: {
          method: 'GET',
          relativeURI: '/items?page={{export.http.paging.page}}&size=100',
          response: { resourcePath: 'items' },
          paging: { method: 'page', page: 1 },
        },
        hooks: { preSavePage: hook('withoutOdd') },
      },
      import: {
        http: { method: 'POST', relativeURI: '/batch', batchSize: 100, response: { resourceIdPath: 'id' } },
        mapping: {
          fields: [
            { extract: 'id', generate: 'id' },
            { extract: 'name', generate: 'title' },
          ],
        },
        hooks: { postMap: hook('stamp') },
      },
    });
    expect(await runToEnd(client, flowId)).toMatchObject({ status: 'completed', numExport: 125, numSuccess: 125 });
    expect(bodies[0]).toEqual({ id: 2, title: 'item 2', stamped: true });
    const runs = (await client('GET', `/integrations/${integrationId}/runs`)).body;
    const lines = runs.flatMap(({ log }: { log: { message: string }[] }) => log.map(({ message }) => message));
    expect(lines).toContain('page 0 has 100');
  });

  test('a hook may refuse a record, and what it writes to the integration is there', async () => {
    const { client } = served();
    application.items = ids(5).map((id) => ({ id }));
    const integrationId = await connected();
    const { flowId } = await makeFlow(client, {
      origin: application.origin,
      integrationId,
      export: {
        http: { method: 'GET', relativeURI: '/items', response: { resourcePath: 'items' } },
        hooks: { preSavePage: hook('remember') },
      },
      import: {
        http: { method: 'POST', relativeURI: '/batch', batchSize: 100, response: { resourceIdPath: 'id' } },
        hooks: { preMap: hook('refuseThree') },
      },
    });
    const job = await runToEnd(client, flowId);
    expect(job).toMatchObject({ status: 'completed', numSuccess: 4, numError: 1 });
    const [error] = (await client('GET', `/jobs/${job._id}/joberrors`)).body;
    expect(error).toMatchObject({ code: 'three', message: 'not three', data: { id: 3 } });
    expect((await client('GET', `/integrations/${integrationId}/state/last`)).body).toBe(5);
  });

  test('reads and writes through wrappers, whose credentials no record has', async () => {
    const { client } = served();
    const integrationId = await connected();
    const connection = await client('POST', '/connections', {
      _integrationId: integrationId,
      name: 'wrapped',
      type: 'wrapper',
      wrapper: { encrypted: { password: 'open sesame' }, unencrypted: { user: 'ali' } },
    });
    const wrapped = { _connectionId: connection.body._id, type: undefined, http: undefined };
    const { flowId } = await makeFlow(client, {
      origin: application.origin,
      integrationId,
      export: { ...wrapped, adaptorType: 'WrapperExport', wrapper: { function: 'readAll' } },
      import: { ...wrapped, adaptorType: 'WrapperImport', wrapper: { function: 'writeAll' } },
    });
    const job = await runToEnd(client, flowId);
    expect(job).toMatchObject({ status: 'completed', numExport: 6, numSuccess: 5, numError: 1 });
    const runs = (await client('GET', `/integrations/${integrationId}/runs`)).text;
    expect(runs).toContain('signs in with [redacted]');
    expect(runs).not.toContain('open sesame');
  });

  test('a hook that never ends ends the job, with the limit as its reason', async () => {
    const { client } = served();
    const integrationId = await connected();
    const { flowId } = await makeFlow(client, {
      origin: application.origin,
      integrationId,
      export: {
        http: { method: 'GET', relativeURI: '/items', response: { resourcePath: 'items' } },
        hooks: { preSavePage: hook('busy') },
      },
    });
    const jobId = await start(client, flowId);
    await vi.waitFor(async () => expect((await jobOf(client, jobId)).status).toBe('running'));
    await client('PUT', `/jobs/${jobId}/cancel`);
    expect((await ended(client, jobId)).status).toBe('canceled');
  });
});

describe('alone', () => {
  test('an export answers its records, an import a result per record', async () => {
    const { client } = served();
    const { exportId, importId } = await makeFlow(client, { origin: application.origin, integrationId: await own() });
    const read = await client('POST', `/exports/${exportId}/invoke`);
    expect([read.status, read.body.data.length]).toEqual([200, 250]);
    const written = await client('POST', `/imports/${importId}/invoke`, [{ id: 1 }, { id: 2 }]);
    expect(written.body).toMatchObject([
      { statusCode: 200, id: 'new-1' },
      { statusCode: 200, id: 'new-2' },
    ]);
    const refused = await client('POST', `/imports/${importId}/invoke`, { id: 1 });
    expect([refused.status, ...errorsOf(refused)]).toEqual([422, ['invalid_field', '']]);
  });
});

test('jobs are listed newest first, and filtered as in the original', async () => {
  const { client } = served();
  const integrationId = await own();
  const { flowId } = await makeFlow(client, { origin: application.origin, integrationId });
  const jobIds = [await runToEnd(client, flowId), await runToEnd(client, flowId)].map(({ _id }) => _id);
  const listed = async (query: string): Promise<string[]> =>
    (await client('GET', `/jobs?${query}`)).body.map(({ _id }: { _id: string }) => _id);
  expect(await listed(`_flowId=${flowId}`)).toEqual(jobIds.toReversed());
  expect(await listed(`_integrationId=${integrationId}&limit=1`)).toEqual([jobIds[1]]);
  expect(await listed(`_flowId=${flowId}&status=failed`)).toEqual([]);
  expect(await listed(`_flowId=${flowId}&numSuccess_gte=251`)).toEqual([]);
  expect(await listed(`_flowId_in=${flowId}&type_in=flow&numSuccess_lte=250&createdAt_gte=2020-01-01`)).toHaveLength(2);
  expect((await client('GET', '/jobs?status=odd')).status).toBe(400);
  expect((await client('GET', `/jobs/${'0'.repeat(24)}`)).status).toBe(404);
});

test('a removed integration takes its jobs along, and a running one ends', async () => {
  const { client } = served();
  const arrived = Promise.withResolvers<void>();
  application.intercept = ({ method }) => {
    if (method === 'POST') arrived.resolve();
    return method === 'POST';
  };
  const integrationId = await own();
  const { flowId } = await makeFlow(client, { origin: application.origin, integrationId });
  const jobId = await start(client, flowId);
  await arrived.promise;
  expect((await client('DELETE', `/integrations/${integrationId}?cascade=true`)).status).toBe(204);
  await vi.waitFor(async () => expect((await client('GET', `/jobs/${jobId}`)).status).toBe(404));
});
