/** Connections, exports, imports, flows and state (contract 4 and 8), from outside and from a run. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { recordKinds } from '../../src/store/stored.ts';
import { type Client, errorsOf } from '../support/client.ts';
import { isOnPostgres, storedTexts, testOfDataFolder } from '../support/engine.ts';
import { httpServer } from '../support/outbound.ts';
import { installed, type Served, serve, serveForAll } from '../support/runtime.ts';

/** A connector that forwards requests, and ends as told. */
const WORKER = `exports.settings = {
  async ask({ requests, ending }) {
    const replies = [];
    for (const { method = 'GET', path, body, headers } of requests) {
      const response = await fetch('/v1' + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      const text = await response.text();
      replies.push([response.status, text && text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text]);
    }
    if (ending === 'throw') throw new Error('on purpose');
    if (ending === 'hang') await new Promise(() => setTimeout(() => {}, 1e6));
    return replies;
  },
};`;

/** One runtime for most tests. Each test uses integrations of its own. */
const shared = serveForAll({ worker: { code: WORKER } });

let served: Served;
let client: Client;
let integrationId: string;

beforeEach(async () => {
  served = shared();
  client = served.client;
  integrationId = await installed(client, 'worker');
});
/** Of this test's integration. */
const listed = async (kind: string) => (await client('GET', `/${kind}?_integrationId=${integrationId}`)).body;

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}
const ask = (requests: readonly Asked[], ending?: string, id = integrationId) =>
  client('PUT', `/integrations/${id}/settings/ask`, { requests, ending });
const made = async (kind: string, body: object): Promise<string> => {
  const reply = await client('POST', `/${kind}`, { _integrationId: integrationId, ...body });
  expect(reply.status, reply.text).toBe(201);
  return reply.body._id;
};

const WAIT = { timeout: 10_000, interval: 20 };
const unknownId = '0123456789abcdef01234567';
const basic = { type: 'basic', basic: { username: 'zoë', password: 'pässword' } };

describe.each(recordKinds)('%s', (kind) => {
  test('are created, read, replaced, patched, listed and removed', async () => {
    const created = await client('POST', `/${kind}`, {
      _integrationId: integrationId,
      name: 'Größe',
      type: 'http',
      a: { b: [1] },
    });
    expect(created.status).toBe(201);
    const { _id } = created.body;
    expect(created.headers.get('location')).toBe(`${served.runtime.url}/v1/${kind}/${_id}`);
    expect(created.body).toMatchObject({ name: 'Größe', type: 'http', a: { b: [1] }, _integrationId: integrationId });
    expect(created.body._connectorId).toBeUndefined();

    const read = await client('GET', `/${kind}/${_id}`);
    expect(read.body).toEqual(created.body);
    const etag = read.headers.get('etag') as string;
    expect(etag).toBe(created.headers.get('etag'));
    expect((await client('GET', `/${kind}/${_id}`, undefined, { 'if-none-match': etag })).status).toBe(304);

    const put = await client('PUT', `/${kind}/${_id}`, { ...read.body, name: 'new' }, { 'if-match': etag });
    expect([put.status, put.body.name, put.body.a]).toEqual([200, 'new', { b: [1] }]);
    expect((await client('PUT', `/${kind}/${_id}`, read.body, { 'if-match': etag })).status).toBe(412);
    expect((await client('PUT', `/${kind}/${_id}`, { name: 'less' })).body.a).toBeUndefined();

    const patch = [
      { op: 'add', path: '/a', value: 5 },
      { op: 'replace', path: '/name', value: 'patched' },
    ];
    const patched = await client('PATCH', `/${kind}/${_id}`, patch, { 'content-type': 'application/json-patch+json' });
    expect([patched.status, patched.text]).toEqual([204, '']);
    const merge = { 'content-type': 'application/merge-patch+json' };
    const other415 = await client('PATCH', `/${kind}/${_id}`, patch, merge);
    expect([other415.status, other415.headers.get('accept-patch')]).toEqual([415, 'application/json-patch+json']);
    expect((await client('GET', `/${kind}/${_id}`)).body).toMatchObject({
      a: 5,
      name: 'patched',
      _integrationId: integrationId,
    });

    const other = await made(kind, { name: 'other' });
    expect((await listed(kind)).map((row: { _id: string }) => row._id)).toEqual([_id, other]);
    expect((await client('GET', `/${kind}?_integrationId=${unknownId}`)).body).toEqual([]);
    expect((await client('GET', `/integrations/${integrationId}/dependencies`)).body[kind]).toEqual([
      { id: _id, name: 'patched' },
      { id: other, name: 'other' },
    ]);

    expect((await client('DELETE', `/${kind}/${_id}`, undefined, { 'if-match': '"other"' })).status).toBe(412);
    expect((await client('DELETE', `/${kind}/${_id}`)).status).toBe(204);
    expect((await client('GET', `/${kind}/${_id}`)).status).toBe(404);
    expect((await client('DELETE', `/${kind}/${_id}`)).status).toBe(404);
  });

  test.each<[string, object, [string, string][]]>([
    ['nothing', {}, [['missing_required_field', 'name']]],
    ['a blank name', { name: ' ' }, [['invalid_field', 'name']]],
    [
      'wrong types',
      { name: 1, type: {} },
      [
        ['invalid_field', 'name'],
        ['invalid_field', 'type'],
      ],
    ],
    ['a reference to nothing', { name: 'n', _connectionId: unknownId }, [['invalid_ref', '_connectionId']]],
    ['a reference that is none', { name: 'n', _exportId: { $gt: '' } }, [['invalid_ref', '_exportId']]],
    [
      'a reference deep inside',
      { name: 'n', steps: [{ _importId: unknownId }] },
      [['invalid_ref', 'steps.0._importId']],
    ],
    ["a connector's id", { name: 'n', _connectorId: unknownId }, [['invalid_field', '_connectorId']]],
    ['deep nesting', { name: 'n', deep: JSON.parse('['.repeat(500) + ']'.repeat(500)) }, [['invalid_field', 'deep']]],
  ])('%s is refused and nothing is stored', async (_what, body, errors) => {
    const reply = await client('POST', `/${kind}`, { _integrationId: integrationId, ...body });
    expect([reply.status, errorsOf(reply).sort()]).toEqual([422, errors]);
    expect(await listed(kind)).toEqual([]);
    const _id = await made(kind, { name: 'n' });
    expect(errorsOf(await client('PUT', `/${kind}/${_id}`, body)).sort()).toEqual(errors);
    expect((await client('GET', `/${kind}/${_id}`)).body.name).toBe('n');
  });

  test('the deepest nesting of a valid body is refused', async () => {
    const deep = '['.repeat(9_990) + ']'.repeat(9_990);
    const reply = await client('POST', `/${kind}`, `{"name":"n","_integrationId":"${integrationId}","deep":${deep}}`);
    expect([reply.status, errorsOf(reply)]).toEqual([422, [['invalid_field', 'deep']]]);
  });

  test('names such as __proto__ are ordinary names', async () => {
    const text = `{"_integrationId":"${integrationId}","name":"n","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`;
    const created = await client('POST', `/${kind}`, text);
    expect(created.status).toBe(201);
    expect(created.text).toContain('"__proto__":{"polluted":1}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    const patch = async (path: string): Promise<number> =>
      (await client('PATCH', `/${kind}/${created.body._id}`, [{ op: 'add', path, value: 2 }])).status;
    // Its own members are changed, and nobody else's.
    for (const path of ['/__proto__/polluted', '/constructor/prototype/polluted']) expect(await patch(path)).toBe(204);
    for (const path of ['/toString/polluted', '/hasOwnProperty/call', '/name/at/polluted'])
      expect(await patch(path)).toBe(422);
    expect((await client('GET', `/${kind}/${created.body._id}`)).text).toContain('"__proto__":{"polluted":2}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    // The runtime is in this process.
    expect(Object.keys(Object.prototype.toString)).toEqual([]);
    expect(Object.hasOwn(Object.prototype.hasOwnProperty, 'call')).toBe(false);
  });

  test('belong to an existing integration', async () => {
    expect(errorsOf(await client('POST', `/${kind}`, { name: 'n' }))).toEqual([
      ['missing_required_field', '_integrationId'],
    ]);
    for (const _integrationId of [unknownId, 'x', 5, null]) {
      const reply = await client('POST', `/${kind}`, { name: 'n', _integrationId });
      expect([reply.status, errorsOf(reply)]).toEqual([422, [['invalid_ref', '_integrationId']]]);
    }
  });

  test.each([
    ['an object', {}],
    ['an unknown operation', [{ op: 'eval', path: '/name' }]],
    ['a test that fails', [{ op: 'test', path: '/name', value: 'other' }]],
    ['a path that is not there', [{ op: 'remove', path: '/not/there' }]],
    ['a record that is wrong afterwards', [{ op: 'remove', path: '/name' }]],
    ['no object afterwards', [{ op: 'replace', path: '', value: 5 }]],
  ])('a patch that is %s changes nothing', async (_what, patch) => {
    const _id = await made(kind, { name: 'n' });
    const reply = await client('PATCH', `/${kind}/${_id}`, patch);
    expect(reply.status).toBe(422);
    expect((await client('GET', `/${kind}/${_id}`)).body.name).toBe('n');
  });
});

test('a patch that keeps copying a record into itself is refused before it fills the memory', async () => {
  const { body } = await client('POST', '/exports', {
    name: 'n',
    _integrationId: integrationId,
    text: 'x'.repeat(1000),
  });
  const path = `/exports/${body._id}`;
  const doubling = Array.from({ length: 60 }, (_, i) => ({ op: 'copy', from: '', path: `/c${i}` }));
  const reply = await client('PATCH', path, doubling);
  expect([reply.status, errorsOf(reply)]).toEqual([413, [['request_too_large']]]);
  expect((await client('GET', path)).body).toEqual(body);
  expect((await client('PATCH', path, [{ op: 'copy', from: '/text', path: '/copy' }])).status).toBe(204);
  expect((await client('GET', path)).body.copy).toBe(body.text);
  expect((await client('PATCH', path, [{ op: 'add', path: '/__proto__/polluted', value: 1 }])).status).toBeLessThan(
    500,
  );
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});

test("a run's body has a maximum of parts", async () => {
  const names = (count: number): string => `{"name":"n","of":{${Array.from({ length: count }, (_, i) => `"${i}":1`)}}}`;
  const code = `exports.settings = { async f({ texts }) { return Promise.all(texts.map(async (body) => (await fetch('/v1/exports', { method: 'POST', body })).status)); } };`;
  const { client: at } = await serve({ writes: { code } });
  const id = await installed(at, 'writes');
  // Two objects and the names of the outer one.
  const texts = [names(99_996), names(99_997), `{"name":"n","of":[${Array(99_997).fill('[]')}]}`];
  expect((await at('PUT', `/integrations/${id}/settings/f`, { texts })).body).toEqual([201, 422, 422]);
});

test('a record stays while others refer to it', async () => {
  const _connectionId = await made('connections', { name: 'c' });
  const _exportId = await made('exports', { name: 'e', _connectionId });
  const flow = await made('flows', { name: 'f', pageGenerators: [{ _exportId }] });
  const refused = await client('DELETE', `/connections/${_connectionId}`);
  expect([refused.status, errorsOf(refused)]).toEqual([422, [['has_dependencies']]]);
  expect(refused.body.errors[0].message).toContain(_exportId);
  expect((await client('DELETE', `/exports/${_exportId}`)).status).toBe(422);
  for (const path of [`/flows/${flow}`, `/exports/${_exportId}`, `/connections/${_connectionId}`]) {
    expect((await client('DELETE', path)).status).toBe(204);
  }
});

test('records of another integration cannot be referred to', async () => {
  const other = await installed(client, 'worker');
  const _connectionId = await made('connections', { name: 'c' });
  const reply = await client('POST', '/exports', { name: 'e', _integrationId: other, _connectionId });
  expect(errorsOf(reply)).toEqual([['invalid_ref', '_connectionId']]);
});

describe('credentials', () => {
  const http = { baseURI: 'https://example.com', auth: basic, encrypted: { key: 'sécret', list: [1, { deep: true }] } };
  const secrets = ['zoë', 'pässword', 'sécret', 'tökén'];

  async function stored(): Promise<string> {
    if (isOnPostgres) return (await storedTexts(served.data)).join('\n');
    return readFile(join(served.data, 'integrations', `${integrationId}.json`), 'utf8').catch(() => '');
  }

  test('are masked in replies, sealed on disk, and kept when the mask is sent back', async () => {
    const created = await client('POST', '/connections', {
      _integrationId: integrationId,
      name: 'c',
      http,
      token: 'tökén',
      encryptedFields: ['token'],
    });
    expect(created.body).toMatchObject({
      token: '******',
      http: {
        baseURI: 'https://example.com',
        auth: { type: 'basic', basic: { username: '******', password: '******' } },
        encrypted: { key: '******', list: ['******', { deep: '******' }] },
      },
    });
    const before = await vi.waitFor(async () => {
      const text = await stored();
      expect(text).toContain(created.body._id);
      return text;
    }, WAIT);
    for (const secret of secrets) expect(created.text + before).not.toContain(secret);

    const put = await client('PUT', `/connections/${created.body._id}`, { ...created.body, name: 'new' });
    expect(put.status).toBe(200);
    const sealedValues = before.match(/v1\.[0-9a-f]{12}\.[\w-]+/g) ?? [];
    expect(sealedValues.length).toBeGreaterThan(5);
    await vi.waitFor(async () => expect(await stored()).toContain('"name":"new"'), WAIT);
    for (const sealedValue of sealedValues) expect(await stored()).toContain(sealedValue);

    const list = await client('GET', '/connections');
    const asked = await ask([{ path: `/connections/${created.body._id}` }]);
    for (const secret of secrets) expect(list.text + asked.text).not.toContain(secret);
  });

  test('a mask without a stored value is refused', async () => {
    const body = { _integrationId: integrationId, name: 'c', http: { auth: { token: '******' } } };
    expect(errorsOf(await client('POST', '/connections', body))).toEqual([['invalid_field', 'http.auth.token']]);
    const _id = await made('connections', { name: 'c', http: { auth: { other: 'x' } } });
    expect(errorsOf(await client('PUT', `/connections/${_id}`, body))).toEqual([['invalid_field', 'http.auth.token']]);
  });

  test('a sealed value cannot be revealed by moving it or by declaring it public', async () => {
    const _id = await made('connections', { name: 'c', token: 'tökén', encryptedFields: ['token'] });
    const moved = await client('PATCH', `/connections/${_id}`, [{ op: 'move', from: '/token', path: '/plain' }]);
    const unlisted = await client('PATCH', `/connections/${_id}`, [{ op: 'remove', path: '/encryptedFields' }]);
    const read = await client('GET', `/connections/${_id}`);
    expect(moved.text + unlisted.text + read.text).not.toMatch(/tökén|v1\./);
  });

  test.each(['name', '_id', '_integrationId'])('%s cannot be secret', async (field) => {
    const body = { _integrationId: integrationId, name: 'c', encryptedFields: [field] };
    expect(errorsOf(await client('POST', '/connections', body))).toEqual([['invalid_field', 'encryptedFields']]);
  });

  testOfDataFolder('only its owner can read the key', async () => {
    if (process.platform === 'win32') return;
    expect((await stat(join(served.data, 'secret-key'))).mode & 0o777).toBe(0o600);
  });

  testOfDataFolder('the key can be changed; without the old key everything else works', async () => {
    served = await serve();
    client = served.client;
    integrationId = (await client('POST', '/integrations', { name: 'DIY' })).body._id;
    const _id = await made('connections', { name: 'c', http });
    const reopen = async (secretKey?: string): Promise<Served> => {
      await served.runtime.close();
      const options = { connectors: served.connectors, data: served.data };
      served = await serve({}, secretKey === undefined ? options : { ...options, secretKey });
      client = served.client;
      return served;
    };
    const first = await stored();
    await reopen('first-key-0123456789');
    const second = await stored();
    expect(second).not.toBe(first);
    expect((await client('GET', '/readyz')).body.reasons).toEqual([]);
    await reopen('second-key-0123456789, first-key-0123456789');
    expect(await stored()).not.toBe(second);
    await reopen('third-key-0123456789');
    expect((await client('GET', '/readyz')).body).toMatchObject({
      status: 'degraded',
      reasons: [expect.stringContaining('credentials')],
    });
    expect((await client('GET', `/connections/${_id}`)).body.http.auth).toEqual({
      type: 'basic',
      basic: { username: '******', password: '******' },
    });
  });
});

describe('a run', () => {
  const five = (extra: object = {}): Asked[] => [
    { method: 'POST', path: '/connections', body: { name: 'c', ...extra } },
    { method: 'POST', path: '/exports', body: { name: 'e' } },
    { path: '/connections' },
    { path: `/integrations/${integrationId}/dependencies` },
  ];

  test('sees its own changes; everybody else does once it has succeeded', async () => {
    const { status, body } = await ask(five());
    expect(status).toBe(200);
    const [[, connection], , [, list], [, dependencies]] = body;
    expect(connection).toMatchObject({ _integrationId: integrationId, _connectorId: expect.any(String) });
    expect(list).toEqual([connection]);
    expect(dependencies.exports).toHaveLength(1);
    expect(await listed('connections')).toEqual([connection]);
  });

  test.each(['throw', 'hang'])('that ends in a %s changes nothing', async (ending) => {
    served = await serve({ worker: { code: WORKER } }, ending === 'hang' ? { runTimeoutMs: 1_000 } : {});
    client = served.client;
    integrationId = await installed(client, 'worker');
    const before = (await client('GET', `/integrations/${integrationId}`)).text;
    const state = { method: 'PUT', path: `/integrations/${integrationId}/state/k`, body: 1 };
    const settings = { method: 'PUT', path: `/integrations/${integrationId}`, body: { settings: { a: 1 } } };
    expect((await ask([...five(), state, settings], ending)).status).toBe(422);
    expect((await client('GET', '/connections')).body).toEqual([]);
    expect((await client('GET', `/integrations/${integrationId}/state`)).body).toEqual({ keys: [] });
    expect((await client('GET', `/integrations/${integrationId}`)).text).toBe(before);
  });

  test('reaches only its own integration and its records', async () => {
    const other = await installed(client, 'worker');
    const theirs = (await client('POST', '/connections', { _integrationId: other, name: 'theirs' })).body._id;
    const mine = await made('connections', { name: 'mine' });
    const { body } = await ask([
      { path: `/connections/${theirs}` },
      { method: 'PUT', path: `/connections/${theirs}`, body: { name: 'x' } },
      { method: 'PATCH', path: `/connections/${theirs}`, body: [] },
      { method: 'DELETE', path: `/connections/${theirs}` },
      { path: `/integrations/${other}` },
      { path: `/integrations/${other}/state` },
      { method: 'PUT', path: `/integrations/${other}/state/k`, body: 1 },
      { path: `/integrations/${other}/dependencies` },
      { method: 'POST', path: '/integrations', body: { name: 'x' } },
      { method: 'DELETE', path: `/integrations/${integrationId}` },
      { method: 'PUT', path: `/integrations/${integrationId}/settings/ask`, body: {} },
    ]);
    expect(body.map(([status]: [number]) => status)).toEqual(Array(11).fill(403));
    const rest = await ask([
      { method: 'POST', path: '/exports', body: { name: 'x', _integrationId: other } },
      { method: 'POST', path: '/exports', body: { name: 'x', _connectionId: theirs } },
      { path: `/connections/${unknownId}` },
      { path: '/connections' },
      { path: '/integrations' },
    ]);
    expect(rest.body.map(([status]: [number]) => status)).toEqual([403, 422, 404, 200, 200]);
    expect(rest.body[3][1].map((row: { _id: string }) => row._id)).toEqual([mine]);
    expect(rest.body[4][1].map((row: { _id: string }) => row._id)).toEqual([integrationId]);
  });

  test('that touches what another has changed gets a conflict and stores nothing', async () => {
    // The run asks a server outside, which answers when the other has written.
    const { promise: hasRead, resolve: onRead } = Promise.withResolvers<() => void>();
    const port = await httpServer((_request, response) => onRead(() => response.end()));
    const origin = `http://127.0.0.1:${port}`;
    const code = `exports.settings = { async slow({ path }) {
      await (await fetch('/v1' + path)).json();
      await fetch('${origin}');
      await fetch('/v1/exports', { method: 'POST', body: JSON.stringify({ name: 'e' }) });
      await fetch('/v1' + path, { method: 'PUT', body: JSON.stringify({ name: 'slow' }) });
    } };`;
    const bundle = { code, connector: { permissions: { fetch: [origin] } } };
    const { client: at } = await serve({ waits: bundle }, { allowPrivateNetwork: '127.0.0.1' });
    const id = await installed(at, 'waits');
    const connection = (await at('POST', '/connections', { _integrationId: id, name: 'c' })).body._id;
    const slow = at('PUT', `/integrations/${id}/settings/slow`, { path: `/connections/${connection}` });
    const goOn = await hasRead;
    expect((await at('PUT', `/connections/${connection}`, { name: 'quick' })).status).toBe(200);
    goOn();
    expect(errorsOf(await slow)).toEqual([['conflict']]);
    expect((await at('GET', `/connections/${connection}`)).body.name).toBe('quick');
    expect((await at('GET', '/exports')).body).toEqual([]);
  });

  test('makes ten thousand records', { timeout: 120_000 }, async () => {
    const many = `exports.settings = { async many() {
      const post = (i) => fetch('/v1/connections', { method: 'POST', body: JSON.stringify({ name: 'c' + i }) });
      for (let i = 0; i < 10_000; i += 50) await Promise.all(Array.from({ length: 50 }, (_, k) => post(i + k)));
    } };`;
    const { client: at } = await serve({ many: { code: many } });
    const id = await installed(at, 'many');
    const reply = await at('PUT', `/integrations/${id}/settings/many`);
    expect(reply.status, reply.text).toBe(200);
    expect((await at('GET', `/integrations/${id}/dependencies`)).body.connections).toHaveLength(10_000);
  });
});

describe('state', () => {
  const path = (key = ''): string => `/integrations/${integrationId}/state${key && `/${encodeURIComponent(key)}`}`;

  test('is stored under keys', async () => {
    expect((await client('GET', path())).body).toEqual({ keys: [] });
    const first = await client('PUT', path('größe'), { n: [1, null] });
    expect([first.status, first.text]).toEqual([200, 'Created']);
    expect((await client('PUT', path('größe'), '"text"')).text).toBe('OK');
    expect((await client('GET', path('größe'))).text).toBe('"text"');
    expect((await client('GET', path())).body).toEqual({ keys: ['größe'] });
    expect((await client('DELETE', path('größe'))).status).toBe(200);
    expect((await client('GET', path('größe'))).status).toBe(404);
    expect((await client('DELETE', path('größe'))).status).toBe(404);
  });

  test.each(['__proto__', 'constructor', 'a/b', '...', ' '])('%s is an ordinary key', async (key) => {
    expect((await client('GET', path(key))).status).toBe(404);
    expect((await client('PUT', path(key), { a: 1 })).text).toBe('Created');
    expect((await client('GET', path(key))).body).toEqual({ a: 1 });
    expect((await client('GET', path())).body).toEqual({ keys: [key] });
  });

  test('is limited', async () => {
    expect((await client('PUT', path('x'.repeat(257)), {})).status).toBe(422);
    expect((await client('PUT', path('k'), `"${'x'.repeat(1024 * 1024)}"`)).status).toBe(413);
    expect((await client('GET', `/integrations/${unknownId}/state`)).status).toBe(404);
  });
});

test('without "transactional" each request of a run commits by itself', async () => {
  const { client: at } = await serve({ worker: { code: WORKER, connector: { transactional: false } } });
  const id = await installed(at, 'worker');
  const requests = [
    { method: 'POST', path: '/connections', body: { name: 'c1' } },
    { path: '/connections' },
    { method: 'POST', path: '/exports', body: { name: 'e', _connectionId: unknownId } },
    { method: 'POST', path: '/connections', body: { name: 'c2' } },
  ];
  const reply = await at('PUT', `/integrations/${id}/settings/ask`, { requests, ending: 'throw' });
  expect(reply.status).toBe(422);
  expect((await at('GET', '/connections')).body.map(({ name }: { name: string }) => name)).toEqual(['c1', 'c2']);
  const again = await at('PUT', `/integrations/${id}/settings/ask`, { requests });
  expect(again.body.map(([status]: [number]) => status)).toEqual([201, 200, 422, 201]);
});
