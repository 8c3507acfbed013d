/** Observability of requests and runs: access log, trace, metrics. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Client, createClient } from '../support/client.ts';
import { temporaryFolder } from '../support/folders.ts';
import { connectorIdOf, installed, type Served, serve, serveForAll, TOKEN } from '../support/runtime.ts';
import { startServer } from '../support/server.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SECRET = 'a-secret-in-a-query';

const CODE = `exports.settings = {
  echo: (options) => options.value ?? 1,
  fails() { throw new Error('no'); },
  waits: () => new Promise((resolve) => setTimeout(resolve, 400)),
  async asks({ url, headers = {} }) { return (await fetch(url, { headers })).text(); },
  async own() { return (await fetch('/v1/tokenInfo')).headers.get('x-request-id'); },
};`;

let lines: Record<string, unknown>[] = [];
let served: Served;
let client: Client;
let id: string;
/** An outside server that records the trace headers it gets. */
let port: number;
const outside = createServer((request, response) =>
  response.end(JSON.stringify([request.headers.traceparent, request.headers.tracestate])),
);
beforeAll(async () => {
  await once(outside.listen(0, '127.0.0.1'), 'listening');
  port = (outside.address() as AddressInfo).port;
});
afterAll(() => void outside.close());

const bundles = () => ({
  one: { code: CODE, connector: { permissions: { fetch: [`http://127.0.0.1:${port}`] } } },
});
const optionsOf = (level: string) => ({
  logger: pino({ level }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
  allowPrivateNetwork: '127.0.0.1',
});
/** One server that logs at `info`, for tests that need none of their own. */
const shared = serveForAll(bundles, optionsOf('info'));
const requestLines = (): Record<string, unknown>[] => lines.filter(({ event }) => event === 'request');

async function use(one: Served, level = 'info'): Promise<void> {
  lines = [];
  served = one;
  client = served.client;
  id = await installed(client, 'one');
  await vi.waitFor(() => expect(requestLines().length).toBe(level === 'warn' ? 0 : 2));
  lines.length = 0;
}
const start = async (level = 'info'): Promise<void> => use(await serve(bundles(), optionsOf(level)), level);
const share = (): Promise<void> => use(shared());

const call = (name: string, body: object = {}, headers: Record<string, string> = {}) =>
  client('PUT', `/integrations/${id}/settings/${name}?${SECRET}=${SECRET}`, body, headers);
const lastLine = (): Promise<Record<string, unknown>> =>
  vi.waitFor(() => {
    const last = requestLines().at(-1);
    expect(last).toBeDefined();
    return last as Record<string, unknown>;
  });

describe('the access log', () => {
  test('has one line for each request, with its ids and without anything secret', async () => {
    await share();
    const reply = await call('echo', { value: 'geheim' }, { traceparent: `00-${TRACE}-b7ad6b7169203331-01` });
    expect(await lastLine()).toEqual({
      level: 30,
      time: expect.any(Number),
      pid: expect.any(Number),
      hostname: expect.any(String),
      event: 'request',
      method: 'PUT',
      route: '/integrations/{_id}/settings/{function}',
      status: 200,
      ms: expect.any(Number),
      bytes: Buffer.byteLength(reply.text),
      requestId: reply.headers.get('x-request-id'),
      runId: reply.headers.get('bulkhead-run-id'),
      traceId: TRACE,
    });
    await client('GET', `/nowhere/${SECRET}?token=${TOKEN}`);
    await createClient(served.runtime.url, SECRET)('GET', '/integrations');
    await vi.waitFor(() => expect(requestLines()).toHaveLength(3));
    expect(requestLines().map(({ route, status }) => [route, status])).toEqual([
      ['/integrations/{_id}/settings/{function}', 200],
      ['none', 404],
      ['none', 401],
    ]);
    expect(JSON.stringify(lines)).not.toMatch(new RegExp(`${SECRET}|${TOKEN}|geheim`));
  });

  test('counts the bytes of replies without Content-Length', async () => {
    await share();
    await client('GET', '/backup');
    expect(await lastLine()).toMatchObject({ route: '/backup', status: 200 });
    expect((await lastLine()).bytes).toBeGreaterThan(100);
  });

  test('says when the client disconnected', async () => {
    await share();
    const url = `${served.runtime.url}/integrations/${id}/settings/waits`;
    const controller = new AbortController();
    const headers = { authorization: `Bearer ${TOKEN}` };
    const asked = fetch(url, { method: 'PUT', headers, signal: controller.signal }).catch(() => {});
    const isRunning = async () => expect((await client('GET', `/integrations/${id}/runs`)).body).toHaveLength(1);
    await vi.waitFor(isRunning);
    controller.abort();
    await asked;
    const isTold = () => expect(requestLines().at(-1)).toMatchObject({ method: 'PUT', aborted: true });
    await vi.waitFor(isTold);
  });

  test('says the same, and no error, of a client that resets its connection in the middle of a reply', async () => {
    await share();
    const socket = connect(Number(new URL(served.runtime.url).port), '127.0.0.1');
    socket.write(`GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
    await once(socket, 'data');
    socket.resetAndDestroy();
    await vi.waitFor(() => expect(requestLines().at(-1)).toMatchObject({ route: '/events', aborted: true }));
    expect(lines.filter(({ level }) => Number(level) > 30)).toEqual([]);
  });

  test('logs health checks and requests of runs at debug, and nothing above info', async () => {
    await start('debug');
    lines.length = 0;
    await client('GET', '/healthz');
    await call('own');
    await vi.waitFor(() => expect(requestLines()).toHaveLength(3));
    expect(requestLines().map(({ level, route }) => [level, route])).toEqual([
      [20, '/healthz'],
      [20, '/tokenInfo'],
      [30, '/integrations/{_id}/settings/{function}'],
    ]);
    // One trace, and one run.
    const [, inner, outer] = requestLines();
    expect([inner?.traceId, inner?.runId]).toEqual([outer?.traceId, outer?.runId]);
    await served.runtime.close();
    await start('warn');
    await call('echo');
    await served.runtime.close();
    expect(lines).toEqual([]);
  });

  test('goes to stderr of the server as JSON lines, and BULKHEAD_LOG=warn ends it', async () => {
    for (const [level, count] of [
      ['info', 1],
      ['warn', 0],
    ] as const) {
      const server = await startServer({
        BULKHEAD_TOKEN: TOKEN,
        BULKHEAD_DATA: await temporaryFolder(),
        BULKHEAD_CONNECTORS: await temporaryFolder(),
        BULKHEAD_LOG: level,
      });
      const { headers } = await createClient(server.url, TOKEN)('GET', '/tokenInfo');
      await server.stop('SIGTERM');
      const parsed = server
        .stderr()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      expect(parsed.filter(({ requestId }) => requestId === headers.get('x-request-id'))).toHaveLength(count);
    }
  });
});

describe('the trace of a request', () => {
  beforeEach(share);
  const ask = async (headers: Record<string, string>, own: Record<string, string> = {}) =>
    JSON.parse((await call('asks', { url: `http://127.0.0.1:${port}/`, headers: own }, headers)).body);
  const runs = async () => (await client('GET', `/integrations/${id}/runs`)).body;

  test("is passed to its run and to the run's outside requests", async () => {
    const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
    const [outside, state] = await ask({ traceparent, tracestate: 'vendor=1' });
    expect(outside).toMatch(new RegExp(`^00-${TRACE}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
    expect(state).toBe('vendor=1');
    await vi.waitFor(() => expect(requestLines().at(-1)).toMatchObject({ method: 'PUT', traceId: TRACE }));
    expect((await runs()).at(-1).traceId).toBe(TRACE);
  });

  test('is generated where there is none, or no valid one', async () => {
    for (const headers of [{}, { traceparent: 'garbage', tracestate: 'vendor=1' }] as Record<string, string>[]) {
      const [outside, state] = await ask(headers);
      expect(outside).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
      expect(state).toBeNull();
      expect((await runs()).at(-1).traceId).toBe(outside.split('-')[1]);
    }
  });

  test('cannot be replaced by a connector', async () => {
    const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
    const [outside] = await ask({ traceparent }, { traceparent: `00-${'1'.repeat(32)}-b7ad6b7169203331-01` });
    expect(outside).toContain(TRACE);
  });

  test('is passed on with a connection’s requests, and with an install', async () => {
    const headers = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };
    const body = { name: 'n', _integrationId: id, http: { baseURI: `http://127.0.0.1:${port}` } };
    const connection = (await client('POST', '/connections', body)).body._id;
    const reply = await client('POST', `/connections/${connection}/proxy`, undefined, {
      ...headers,
      'integrator-relative-uri': '/',
    });
    expect(reply.text).toContain(TRACE);
  });
});

describe('the metrics', () => {
  /** `name{labels}` → value. */
  const scrape = async (): Promise<Map<string, number>> => {
    const { status, headers, text } = await client('GET', '/metrics');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
  };

  beforeEach(() => start());

  test('are for the administrator only', async () => {
    expect((await createClient(served.runtime.url, undefined)('GET', '/metrics')).status).toBe(401);
    const run = await client('PUT', `/integrations/${id}/settings/asks`, { url: '/v1/metrics' });
    expect(JSON.parse(run.body).errors[0].code).toBe('access_restricted');
  });

  test('count requests by route and status class, and runs by outcome', async () => {
    for (let i = 0; i < 3; i++) await call('echo');
    await call('fails');
    await call('nothing');
    await client('PUT', `/integrations/${id}/settings/persistSettings`, { pending: {} });
    await client('GET', `/nowhere/${SECRET}`);
    const isCounted = async () => {
      const samples = await scrape();
      const route = '/integrations/{_id}/settings/{function}';
      const name = 'bulkhead_http_request_duration_seconds';
      expect(samples.get(`${name}_count{method="PUT",route="${route}",status="2xx"}`)).toBe(4);
      expect(samples.get(`${name}_bucket{method="PUT",route="${route}",status="4xx",le="+Inf"}`)).toBe(2);
      expect(samples.get(`${name}_count{method="GET",route="none",status="4xx"}`)).toBe(1);
      const run = (outcome: string, fault = '') =>
        samples.get(`bulkhead_runs_total{section="settings",outcome="${outcome}",fault="${fault}"}`);
      // What the runtime does itself because the connector does not is a success.
      expect([run('succeeded'), run('failed'), run('faulted', 'invalid_function')]).toEqual([4, 1, 1]);
      expect(samples.get('bulkhead_run_duration_seconds_count{section="settings",outcome="succeeded"}')).toBe(4);
      expect(samples.get('bulkhead_store_commit_duration_seconds_count{result="committed"}')).toBeGreaterThan(0);
      expect(samples.get('bulkhead_connectors{status="ready"}')).toBe(1);
      expect(samples.get('bulkhead_compartments')).toBeGreaterThan(0);
      expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
      expect(samples.get('nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);
    };
    await vi.waitFor(isCounted);
    const text = [...(await scrape()).keys()].join('\n');
    for (const secret of [SECRET, id, await connectorIdOf(client, 'one'), 'echo', 'nothing'])
      expect(text).not.toContain(secret);
  });

  test('show what is running', async () => {
    const waiting = call('waits');
    const isGoing = async () => expect((await scrape()).get('bulkhead_runs_in_flight')).toBe(1);
    await vi.waitFor(isGoing);
    await waiting;
    expect((await scrape()).get('bulkhead_runs_in_flight')).toBe(0);
  });

  test('histogram buckets are cumulative', async () => {
    await call('waits');
    await call('echo');
    const isCounted = async () => {
      const buckets = [...(await scrape())].filter(([name]) => name.startsWith('bulkhead_run_duration_seconds_bucket'));
      const counts = buckets.map(([, count]) => count);
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      expect([counts[0], counts.at(-1)]).toEqual([expect.any(Number), 2]);
      const half = buckets.find(([name]) => name.includes('le="0.25"'));
      expect(half?.[1]).toBeLessThan(2);
    };
    await vi.waitFor(isCounted);
  });

  test('of two runtimes in one process are separate', async () => {
    for (let i = 0; i < 3; i++) await call('echo');
    const { client: other } = await serve();
    expect((await other('GET', '/metrics')).text).not.toContain('section="settings"');
  });
});
