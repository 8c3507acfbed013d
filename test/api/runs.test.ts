/** Records of running and ended runs (contract 4 and 5), and tiles. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type Client, createClient, errorsOf, type Reply } from '../support/client.ts';
import { isOnPostgres, NODE } from '../support/engine.ts';
import { openEvents } from '../support/events.ts';
import { temporaryFolder, writeBundle } from '../support/folders.ts';
import { connectorIdOf, installed, type Served, serveForAll, TOKEN } from '../support/runtime.ts';
import { startServer } from '../support/server.ts';

const CODE = `const { progress } = require('bulkhead');
exports.settings = {
  echo: (options) => 1,
  async works({ bearerToken }) {
    console.warn('größe', bearerToken);
    await progress(0.5, 'half ' + bearerToken);
    await fetch('/v1/tokenInfo');
    return bearerToken.length;
  },
  fails({ bearerToken }) { throw Object.assign(new Error('no ' + bearerToken), { code: 'E_MINE' }); },
  waits: ({ ms = 60_000 }) => new Promise((resolve) => setTimeout(resolve, ms)),
  loops() { for (;;); },
  async fills() {
    const kept = [];
    for (;;) {
      kept.push(Array.from({ length: 1e6 }, (_, i) => i + 0.5));
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  },
  stuck: () => Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1),
};`;

const shared = serveForAll({
  one: { code: CODE, connector: { install: [{ name: 'a' }, { name: 'b', completed: true }] } },
});
let served: Served;
let client: Client;
let id: string;
beforeEach(async () => {
  served = shared();
  client = served.client;
  id = await installed(client, 'one');
});

const call = (name: string, headers?: Record<string, string>, body: object = {}): Promise<Reply> =>
  client('PUT', `/integrations/${id}/settings/${name}`, body, headers);
const runOf = async (reply: Reply) =>
  (await client('GET', `/integrations/${id}/runs/${reply.headers.get('bulkhead-run-id')}`)).body;

test('a run that succeeded', async () => {
  const reply = await call('works');
  expect(await runOf(reply)).toEqual({
    _id: reply.headers.get('bulkhead-run-id'),
    _integrationId: id,
    _connectorId: await connectorIdOf(client, 'one'),
    version: '1.0.0',
    digest: expect.stringMatching(/^sha256-[0-9a-f]{64}$/),
    ...(isOnPostgres ? { node: NODE } : {}),
    section: 'settings',
    function: 'works',
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    outcome: 'succeeded',
    startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    endedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    wallMs: expect.any(Number),
    cpuMs: expect.any(Number),
    heapBytes: expect.any(Number),
    requests: 1,
    progress: { fraction: 0.5, message: 'half [redacted]' },
    log: [{ at: expect.any(String), level: 'warn', message: 'größe [redacted]' }],
  });
});

test("a run's heap is the most that was seen, also of a run that ran out of memory", async () => {
  const run = await runOf(await call('fills'));
  expect(run).toMatchObject({ outcome: 'faulted', fault: 'memory_limit_exceeded' });
  expect(run.heapBytes).toBeGreaterThan(20e6);
});

test("a run that failed: the error, and the stack with the bundle's lines", async () => {
  const run = await runOf(await call('fails'));
  expect(run).toMatchObject({ outcome: 'failed', errors: [{ code: 'E_MINE', message: 'no [redacted]' }] });
  expect(run.stack).toMatch(/^Error: no \[redacted\]\n {4}at (?:Object\.)?fails \(one\/index\.js:10:\d+\)/);
});

test("a stack shows the author's source lines, if the bundle has a source map", async () => {
  // Line 1 of the bundle is line 41 of the source.
  const map = { version: 3, sources: ['src/connector.ts'], names: [], mappings: 'AAwCA' };
  const inline = `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
  const { client: at } = await shared.serve({
    mapped: { code: `exports.settings = { f() { throw new Error('x') } };${inline}` },
  });
  const integrationId = await installed(at, 'mapped');
  const reply = await at('PUT', `/integrations/${integrationId}/settings/f`);
  const run = await at('GET', `/integrations/${integrationId}/runs/${reply.headers.get('bulkhead-run-id')}`);
  expect(run.body.stack).toContain('src/connector.ts:41:');
});

test('a run that was stopped: the fault', async () => {
  await shared.serve({ hasty: { code: CODE, connector: { limits: { cpuMs: 200 } } } });
  id = await installed(client, 'hasty');
  expect(await runOf(await call('loops'))).toMatchObject({ outcome: 'faulted', fault: 'cpu_limit_exceeded' });
  expect(await runOf(await call('echo'))).toMatchObject({ outcome: 'succeeded' });
});

test("settings stored by the runtime's persistSettings are a successful run", async () => {
  const reply = await call('persistSettings', {}, { pending: {} });
  expect(reply.status).toBe(200);
  const runs = (await client('GET', `/integrations/${id}/runs`)).body;
  expect(runs.at(-1)).toMatchObject({ function: 'persistSettings', outcome: 'succeeded' });
  expect(runs.at(-1).fault).toBeUndefined();
});

test('the last hundred are kept, oldest first, in pages', async () => {
  for (let i = 0; i < 130; i++) await call('echo');
  const all = (await client('GET', `/integrations/${id}/runs`)).body.map(({ _id }: { _id: string }) => _id);
  expect(all).toHaveLength(100);
  expect(all).toEqual([...all].sort());
  const page = await client('GET', `/integrations/${id}/runs?limit=60&include=outcome`);
  expect(page.body[0]).toEqual({ _id: all[0], outcome: 'succeeded' });
  const next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1] as string;
  const rest = await client('GET', next.slice(served.runtime.url.length));
  expect([...page.body, ...rest.body].map(({ _id }) => _id)).toEqual(all);
});

test('only the integration’s own runs are listed', async () => {
  const reply = await call('echo');
  const other = await installed(client, 'one');
  expect((await client('GET', `/integrations/${other}/runs`)).body).toEqual([]);
  const runId = reply.headers.get('bulkhead-run-id');
  expect((await client('GET', `/integrations/${other}/runs/${runId}`)).status).toBe(404);
  expect((await client('DELETE', `/integrations/${other}/runs/${runId}`)).status).toBe(404);
  expect((await client('GET', '/integrations/0123456789abcdef01234567/runs')).status).toBe(404);
});

describe('an async run', () => {
  const prefer = { prefer: 'wait=5, Respond-Async' };

  test('replies its record, and continues', async () => {
    const reply = await call('waits', prefer, { ms: 200 });
    const location = reply.headers.get('location') as string;
    expect([reply.status, reply.body.outcome, reply.headers.get('preference-applied')]).toEqual([
      202,
      'running',
      'respond-async',
    ]);
    expect(location).toBe(`${served.runtime.url}/v1/integrations/${id}/runs/${reply.body._id}`);
    const path = location.slice(served.runtime.url.length);
    expect((await client('GET', path)).body.outcome).toBe('running');
    await vi.waitFor(async () => expect((await client('GET', path)).body.outcome).toBe('succeeded'), {
      timeout: 20_000,
    });
  });

  test('is refused as usual if it cannot start', async () => {
    const reply = await client('PUT', '/integrations/0123456789abcdef01234567/settings/echo', {}, prefer);
    expect(reply.status).toBe(404);
  });

  test.each(['waits', 'loops', 'stuck'])('can be cancelled while it %s', async (name) => {
    const { body } = await call(name, prefer);
    const path = `/integrations/${id}/runs/${body._id}`;
    expect((await client('DELETE', path)).status).toBe(204);
    await vi.waitFor(
      async () => expect((await client('GET', path)).body).toMatchObject({ outcome: 'faulted', fault: 'cancelled' }),
      { timeout: 20_000 },
    );
    expect((await client('DELETE', path)).status).toBe(204);
    expect((await call('echo')).body).toBe(1);
  });

  test('the caller of a cancelled run gets an error', async () => {
    const waiting = call('waits');
    const running = await vi.waitFor(async () => {
      const [run] = (await client('GET', `/integrations/${id}/runs`)).body;
      expect(run.outcome).toBe('running');
      return run;
    }, 20_000);
    await client('DELETE', `/integrations/${id}/runs/${running._id}`);
    expect(errorsOf(await waiting)).toEqual([['cancelled']]);
  });
});

test('the run of an install can be read and cancelled before there is an integration', async () => {
  const bundle = {
    code: 'exports.installer = { wait: () => new Promise((resolve) => setTimeout(resolve, 60_000)) };',
    connector: { installerFunction: 'wait', preUninstallFunction: 'before' },
  };
  const { runtime } = await shared.serve({ slow: bundle });
  const row = (await client('GET', `/connectors/${await connectorIdOf(client, 'slow')}`)).body;
  expect(row.preUninstallFunction).toBe('before');
  const events = await openEvents(runtime.url, TOKEN);
  const installing = client('POST', `/integrations/${row._id}/install`, {});
  const { data } = await vi.waitFor(() => {
    const started = events.all.find(({ name }) => name === 'run.started');
    return started ?? Promise.reject(new Error('not yet'));
  });
  const path = `/integrations/${data._integrationId}/runs/${data.runId}`;
  expect((await client('GET', path)).body).toMatchObject({ function: 'wait', outcome: 'running' });
  expect((await client('GET', `/integrations/${data._integrationId}/runs`)).status).toBe(404);
  expect((await client('DELETE', path)).status).toBe(204);
  expect(errorsOf(await installing)).toEqual([['cancelled']]);
  expect((await client('GET', path)).status).toBe(404);
  expect((await client('GET', '/integrations')).body).toMatchObject([{ _id: id }]);
});

test('a run cut off with its server is listed as cut off, and changed nothing', async () => {
  const [connectors, data] = [await temporaryFolder(), await temporaryFolder()];
  await writeBundle(connectors, 'one', { code: CODE });
  const environment = { BULKHEAD_CONNECTORS: connectors, BULKHEAD_DATA: data, BULKHEAD_TOKEN: 'token' };
  const first = await startServer(environment);
  const before = createClient(first.url, 'token');
  const integrationId = await installed(before, 'one');
  const { body } = await before(
    'PUT',
    `/integrations/${integrationId}/settings/waits`,
    {},
    { prefer: 'respond-async' },
  );
  expect((await before('GET', `/integrations/${integrationId}/runs`)).body).toHaveLength(1);
  await first.stop('SIGKILL');
  const after = createClient((await startServer(environment)).url, 'token');
  expect((await after('GET', `/integrations/${integrationId}/runs/${body._id}`)).body.outcome).toBe('cut_off');
});

test('tiles: a row per integration', async () => {
  await call('echo');
  await client('POST', '/connections', { _integrationId: id, name: 'c' });
  const diy = (await client('POST', '/integrations', { name: 'DIY', tag: 'eu' })).body._id;
  const { body } = await client('GET', '/tiles');
  expect(body).toEqual([
    {
      _integrationId: id,
      _connectorId: await connectorIdOf(client, 'one'),
      name: 'one',
      mode: 'install',
      version: '1.0.0',
      steps: { total: 2, completed: 1 },
      records: { connections: 1, exports: 0, imports: 0, flows: 0 },
      lastJob: null,
      lastRun: {
        _id: expect.any(String),
        section: 'settings',
        function: 'echo',
        startedAt: expect.any(String),
        outcome: 'succeeded',
      },
      offlineConnections: [],
    },
    {
      _integrationId: diy,
      name: 'DIY',
      tag: 'eu',
      steps: { total: 0, completed: 0 },
      records: { connections: 0, exports: 0, imports: 0, flows: 0 },
      lastJob: null,
      lastRun: null,
      offlineConnections: [],
    },
  ]);
  expect((await client('GET', '/tiles?limit=1')).headers.get('link')).toContain('rel="next"');
  expect((await client('GET', `/tiles?_integrationId=${diy}`)).body).toEqual([body[1]]);
  expect((await client('GET', `/tiles?_integrationId=${'0'.repeat(24)}`)).body).toEqual([]);
});

test('tiles page by page: each with the last run of its own integration', async () => {
  const lastRuns = new Map<string, string | null>();
  for (let n = 0; n < 40; n++) {
    const made = n % 3 === 0 ? (await client('POST', '/integrations', { name: 'DIY' })).body._id : undefined;
    const _id = made ?? (await installed(client, 'one'));
    if (made) lastRuns.set(_id, null);
    else for (const name of ['fails', 'echo']) lastRuns.set(_id, await lastRunOf(_id, name));
  }
  lastRuns.set(id, null);
  for (const limit of [7, 17, 1_000]) {
    const found: [string, string | null][] = [];
    for (let path: string | undefined = `/tiles?limit=${limit}`; path !== undefined; ) {
      const reply: Reply = await client('GET', path);
      expect(reply.body.length).toBeLessThanOrEqual(limit);
      for (const { _integrationId, lastRun } of reply.body) found.push([_integrationId, lastRun?._id ?? null]);
      path = /<[^>]+(\/tiles[^>]+)>; rel="next"/.exec(reply.headers.get('link') ?? '')?.[1];
    }
    expect(found).toHaveLength(lastRuns.size);
    expect(new Map(found)).toEqual(lastRuns);
  }
});

const lastRunOf = async (integrationId: string, name: string): Promise<string> =>
  (await client('PUT', `/integrations/${integrationId}/settings/${name}`, {})).headers.get('bulkhead-run-id') as string;
