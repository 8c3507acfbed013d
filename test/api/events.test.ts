/** `/events`: what is published, to whom, resuming, and the cost of a follower. */
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Client, createClient, errorsOf } from '../support/client.ts';
import { type Events, namesOf, openEvents, type ServerEvent } from '../support/events.ts';
import { writeBundle } from '../support/folders.ts';
import { connectorIdOf, installed, type Served, serve, serveForAll, TOKEN } from '../support/runtime.ts';

const CODE = `const { progress } = require('bulkhead');
exports.installer = {
  check: () => ({ success: true }),
  update: async () => { console.log('updating'); await new Promise((resolve) => setTimeout(resolve, 2_000)); },
};
exports.settings = {
  shows: async ({ bearerToken }) => { await progress(0.5, 'half, ' + bearerToken); console.warn('says ' + bearerToken); return 1; },
  fails: ({ bearerToken }) => { throw Object.assign(new Error('no ' + bearerToken), { code: 'odd' }); },
  loops: () => { for (;;); },
  logs: ({ lines, chars }) => { for (let i = 0; i < lines; i++) console.log(i + ' ' + 'x'.repeat(chars)); },
  own: ({ bearerToken }) => bearerToken,
  waits: () => new Promise((resolve) => setTimeout(resolve, 2_000, 'waited')),
};`;
const BUNDLE = {
  connector: { updateFunction: 'update', install: [{ name: 'Check', installerFunction: 'check' }] },
  code: CODE,
};

/** Runs may log more here than by default. */
const shared = serveForAll(
  { a: BUNDLE, hasty: { ...BUNDLE, connector: { ...BUNDLE.connector, limits: { cpuMs: 200 } } } },
  { runLogLines: 100_000, runLogBytes: 100_000_000 },
);

const within = { timeout: 20_000, interval: 10 };
const call = (client: Client, id: string, name: string, body: object = {}) =>
  client('PUT', `/integrations/${id}/settings/${name}`, body);
/** An event after everything so far. */
async function settle({ client }: Served, ...followers: Events[]): Promise<void> {
  const { body } = await client('POST', '/integrations', { name: 'last' });
  for (const events of followers) {
    await vi.waitFor(() => expect(events.all.some(({ data }) => data._integrationId === body._id)).toBe(true), within);
    events.all.splice(events.all.findIndex(({ data }) => data._integrationId === body._id));
  }
}
const withName = ({ all }: Events, name: string): ServerEvent[] => all.filter((event) => event.name === name);

test("publishes an integration's life in order: install, step, runs, changes, removal; no secrets", async () => {
  const served = shared();
  const { client, runtime } = served;
  const events = await openEvents(runtime.url, TOKEN);
  expect([events.response.status, events.response.headers.get('content-type')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
  ]);
  const _connectorId = await connectorIdOf(client, 'a');
  const _integrationId = await installed(client, 'a', { tag: 'eu' });
  await client('PUT', `/integrations/${_integrationId}/installer/check`);
  await call(client, _integrationId, 'shows');
  await call(client, _integrationId, 'fails');
  await client('DELETE', `/integrations/${_integrationId}/install`);
  await settle(served, events);

  expect(namesOf(events)).toEqual([
    'integration.changed',
    ...['run.started', 'integration.changed', 'run.ended'],
    ...['run.started', 'run.progress', 'run.log', 'run.ended'],
    ...['run.started', 'run.ended'],
    'integration.removed',
  ]);
  const [changed, started, , , , progress, line, ended, , failed, removed] = events.all.map(({ data }) => data);
  expect(changed).toMatchObject({ _integrationId, _connectorId, tag: 'eu', mode: 'install', version: '1.0.0' });
  expect(started).toMatchObject({ _integrationId, _connectorId, section: 'installer', function: 'check' });
  expect(progress).toMatchObject({ _integrationId, fraction: 0.5, message: 'half, [redacted]' });
  expect(line).toMatchObject({ runId: progress.runId, level: 'warn', message: 'says [redacted]' });
  expect(ended).toMatchObject({ runId: progress.runId, function: 'shows', outcome: 'succeeded' });
  expect(ended.wallMs).toBeGreaterThan(0);
  expect(ended.cpuMs).toBeGreaterThanOrEqual(0);
  expect(failed).toMatchObject({ outcome: 'failed', errors: [{ code: 'odd', message: 'no [redacted]' }] });
  expect(removed).toMatchObject({ _integrationId, _connectorId });
  const numbers = events.all.map(({ id }) => Number(id.split('-')[1]));
  expect(numbers).toEqual(numbers.map((_number, index) => (numbers[0] ?? 0) + index));
});

test('a run ends once, with its final outcome, when its record can be read', async () => {
  const served = shared();
  const { client, runtime } = served;
  const id = await installed(client, 'hasty');
  const events = await openEvents(runtime.url, TOKEN);
  // The connector has no such function: the runtime's own serves.
  await call(client, id, 'persistSettings', { pending: {} });
  await call(client, id, 'persistSettings', { pending: { nowhere: 1 } });
  await call(client, id, 'loops');
  await settle(served, events);
  const outcomes = withName(events, 'run.ended').map(({ data }) => [data.outcome, data.fault]);
  expect(outcomes).toEqual([
    ['succeeded', undefined],
    ['failed', undefined],
    ['faulted', 'cpu_limit_exceeded'],
  ]);
  for (const { data } of withName(events, 'run.ended')) {
    const { body } = await client('GET', `/integrations/${id}/runs/${data.runId}`);
    expect([body.outcome, body.endedAt]).toEqual([data.outcome, data.endedAt]);
  }
});

test('an update that lost to another change is reported as failed', async () => {
  const { client, runtime } = shared();
  const id = await installed(client, 'a');
  const events = await openEvents(runtime.url, TOKEN);
  const updating = client('PUT', `/connectors/${await connectorIdOf(client, 'a')}/update`, { _integrationIds: [id] });
  await vi.waitFor(() => expect(namesOf(events)).toContain('run.log'), within);
  expect((await client('PUT', `/integrations/${id}`, { name: 'first' })).status).toBe(200);
  expect(errorsOf(await updating)).toEqual([['conflict', '_integrationIds.0']]);
  await vi.waitFor(() => expect(namesOf(events)).toContain('run.ended'), within);
  expect(withName(events, 'run.ended')).toMatchObject([
    { data: { outcome: 'failed', errors: [{ code: 'conflict' }] } },
  ]);
});

test('connectors: loaded, refused with the reasons, loaded again, unloaded', async () => {
  const { client, connectors, runtime } = await serve();
  const events = await openEvents(runtime.url, TOKEN);
  const next = (name: string, count = 1) =>
    vi.waitFor(() => expect(withName(events, name)).toHaveLength(count), within).then(() => events.all.at(-1)?.data);
  await writeBundle(connectors, 'a', BUNDLE);
  const loaded = await next('connector.loaded');
  const _connectorId = await connectorIdOf(client, 'a');
  expect(loaded).toMatchObject({ _connectorId, name: 'a', title: 'a', version: '1.0.0', folder: 'a' });
  await writeFile(join(connectors, 'a', 'index.js'), 'nonsense(');
  expect(await next('connector.refused')).toMatchObject({
    _connectorId,
    folder: 'a',
    errors: [{ code: 'invalid_field', field: 'main' }],
  });
  await writeBundle(connectors, 'a', BUNDLE);
  expect(await next('connector.loaded', 2)).toMatchObject({ _connectorId });
  await rm(join(connectors, 'a'), { recursive: true });
  expect(await next('connector.unloaded')).toMatchObject({ _connectorId, folder: 'a' });
});

test('the filter shows only one integration', async () => {
  const served = shared();
  const { client, runtime } = served;
  const [one, two] = [await installed(client, 'a'), await installed(client, 'a')];
  const [all, filtered] = [
    await openEvents(runtime.url, TOKEN),
    await openEvents(runtime.url, TOKEN, { query: `?_integrationId=${two}` }),
  ];
  await call(client, one, 'shows');
  await call(client, two, 'shows');
  await client('PUT', `/integrations/${one}`, { name: 'one' });
  await client('PUT', `/integrations/${two}`, { name: 'two' });
  await settle(served, all);
  await vi.waitFor(() => expect(filtered.all.at(-1)?.data).toMatchObject({ name: 'two' }), within);
  expect(filtered.all).toEqual(all.all.filter(({ data }) => data._integrationId === two));
  expect(namesOf(filtered)).toHaveLength(5);
  for (const query of ['?_integrationId=x', `?_integrationId=${one}&_integrationId=${two}`]) {
    const reply = await client('GET', `/events${query}`);
    expect([reply.status, errorsOf(reply)]).toEqual([400, [['invalid_query_params']]]);
  }
});

test('a reconnecting client resumes; if it cannot, it is told to read everything again', async () => {
  const served = await serve();
  const { client, runtime } = served;
  const first = await openEvents(runtime.url, TOKEN);
  await settle(served, first);
  const seen = first.lastId();
  first.leave();
  await first.ended;
  for (const name of ['ä', 'b\r\nc']) await client('POST', '/integrations', { name });

  const second = await openEvents(runtime.url, TOKEN, { lastEventId: seen });
  await vi.waitFor(() => expect(second.all.map(({ data }) => data.name)).toEqual(['ä', 'b\r\nc']), within);
  expect(second.all.map(({ name }) => name)).toEqual(['integration.changed', 'integration.changed']);

  const [series, number] = seen.split('-');
  const strangers = [`1-${number}`, `${series}-999`, 'nonsense', `${series}-1e3`];
  for (const lastEventId of strangers) {
    const third = await openEvents(runtime.url, TOKEN, { lastEventId });
    await vi.waitFor(() => expect(namesOf(third)).toEqual(['reset']), within);
    await client('POST', '/integrations', { name: 'next' });
    await vi.waitFor(() => expect(namesOf(third)).toEqual(['reset', 'integration.changed']), within);
    third.leave();
  }
});

test('events before the first follower are not kept; the last id of that time is still valid', async () => {
  const { client, runtime } = await serve();
  for (const name of ['one', 'two']) await client('POST', '/integrations', { name });
  const first = await openEvents(runtime.url, TOKEN);
  await vi.waitFor(() => expect(first.lastId()).toMatch(/-\d+$/), within);
  const [series, number] = first.lastId().split('-');
  first.leave();
  const at = async (place: number): Promise<string[]> => {
    const events = await openEvents(runtime.url, TOKEN, { lastEventId: `${series}-${place}` });
    await client('POST', '/integrations', { name: 'x' });
    await vi.waitFor(() => expect(namesOf(events)).toContain('integration.changed'), within);
    return namesOf(events);
  };
  expect(await at(Number(number))).toEqual(['integration.changed']);
  expect(await at(Number(number) - 1)).toEqual(['reset', 'integration.changed']);
});

test('a client that reconnects too late is told so', async () => {
  const served = shared();
  const { client, runtime } = served;
  const id = await installed(client, 'a');
  const first = await openEvents(runtime.url, TOKEN);
  await settle(served, first);
  const seen = first.lastId();
  first.leave();
  await call(client, id, 'logs', { lines: 4_500, chars: 1 });
  const late = await openEvents(runtime.url, TOKEN, { lastEventId: seen });
  await vi.waitFor(() => expect(namesOf(late)).toEqual(['reset']), within);
});

test('long texts are cut', async () => {
  const served = shared();
  const id = await installed(served.client, 'a');
  const events = await openEvents(served.runtime.url, TOKEN);
  await call(served.client, id, 'logs', { lines: 2, chars: 10_000 });
  await settle(served, events);
  expect(withName(events, 'run.log').map(({ data }) => data.message.length)).toEqual([2_001, 2_001]);
});

/** Opens /events and reads nothing. */
async function deafFollower(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
  await once(socket, 'readable');
  return socket;
}

test('a slow reader delays nobody, and is closed once its next events are gone', async () => {
  const served = shared();
  const { client, runtime } = served;
  const id = await installed(client, 'a');
  const port = Number(new URL(runtime.url).port);
  const server = await runtime.listen();
  const closed: unknown[] = [];
  server.on('connection', (socket: Socket) => {
    const { remotePort } = socket;
    socket.once('close', () => closed.push(remotePort));
  });
  const deaf = await deafFollower(port);
  const quick = await openEvents(runtime.url, TOKEN);
  for (let round = 0; round < 6 && !closed.includes(deaf.localPort); round++) {
    await call(client, id, 'logs', { lines: 4_000, chars: 1_900 });
  }
  await vi.waitFor(() => expect(closed).toContain(deaf.localPort), within);
  await settle(served, quick);
  expect(withName(quick, 'run.log').length).toBeGreaterThanOrEqual(4_000);
  expect(namesOf(quick)).not.toContain('reset');
});

test('a heartbeat with the latest id comes every 15 s', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const { client, runtime } = await serve();
  const other = (await client('POST', '/integrations', { name: 'other' })).body._id;
  const events = await openEvents(runtime.url, TOKEN, { query: `?_integrationId=${other}` });
  await vi.waitFor(() => expect(events.lastId()).not.toBe(''), within);
  const begin = events.lastId();
  await client('POST', '/integrations', { name: 'passed over' });
  vi.advanceTimersByTime(14_000);
  expect(events.comments).toEqual([]);
  vi.advanceTimersByTime(1_000);
  await vi.waitFor(() => expect(events.comments).toHaveLength(1), within);
  expect(Number(events.lastId().split('-')[1])).toBe(Number(begin.split('-')[1]) + 1);
  expect(events.all).toEqual([]);
});

test('connections are limited; one that closes frees its place and leaves nothing behind', async () => {
  const { client, runtime } = await serve();
  const open = await Promise.all(Array.from({ length: 100 }, () => openEvents(runtime.url, TOKEN)));
  expect(open.every(({ response }) => response.status === 200)).toBe(true);
  const refused = await client('GET', '/events');
  expect([refused.status, errorsOf(refused), refused.headers.get('retry-after')]).toEqual([503, [['overloaded']], '1']);
  expect(refused.headers.get('content-type')).toMatch(/^application\/json/);
  open[0]?.leave();
  const later = await vi.waitFor(async () => {
    const events = await openEvents(runtime.url, TOKEN);
    expect(events.response.status).toBe(200);
    return events;
  }, within);
  await client('POST', '/integrations', { name: 'x' });
  await vi.waitFor(() => expect(namesOf(later)).toEqual(['integration.changed']), within);
  for (const events of [...open, later]) events.leave();
  const server = await runtime.listen();
  const connections = () => new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
  await vi.waitFor(async () => expect(await connections()).toBeLessThan(5), within);
});

test('close() ends the streams at once, even while it waits for a run', async () => {
  const { client, runtime } = await serve({ a: BUNDLE });
  const id = await installed(client, 'a');
  const events = await openEvents(runtime.url, TOKEN);
  let isOver = false;
  const running = call(client, id, 'waits').finally(() => {
    isOver = true;
  });
  await vi.waitFor(() => expect(namesOf(events)).toContain('run.started'), within);
  const closing = runtime.close();
  expect([await events.ended, isOver]).toEqual([true, false]);
  expect((await running).body).toBe('waited');
  await closing;
});

test('with only streams open, close() does not wait', async () => {
  const { runtime } = await serve();
  const events = await openEvents(runtime.url, TOKEN);
  await deafFollower(Number(new URL(runtime.url).port));
  const begin = performance.now();
  await runtime.close();
  expect(performance.now() - begin).toBeLessThan(5_000);
  expect(await events.ended).toBe(true);
});

test('only the administrator', async () => {
  const { client, runtime } = shared();
  const id = await installed(client, 'a');
  for (const token of [undefined, 'nope']) {
    const reply = await createClient(runtime.url, token)('GET', '/events');
    expect([reply.status, errorsOf(reply)]).toEqual([401, [['unauthorized']]]);
  }
  const { body: ended } = await call(client, id, 'own');
  expect((await createClient(runtime.url, ended)('GET', '/events')).status).toBe(401);
  const post = await client('POST', '/events');
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'HEAD, GET']);
  const head = await client('HEAD', '/events');
  expect([head.status, head.headers.get('content-type'), head.text]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    '',
  ]);
});
