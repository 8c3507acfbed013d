/** Install, steps, settings, update, uninstall (contract 5 and 6) over HTTP, in one process. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import { errorsOf, type Reply } from '../support/client.ts';
import { namesOf, openEvents } from '../support/events.ts';
import { type BundleText, writeBundle } from '../support/folders.ts';
import { connectorIdOf, installed, serve, serveForAll, TOKEN } from '../support/runtime.ts';

/** Reads and writes the run's own integration, the way connectors do. */
const API = `
  const get = async (id) => (await fetch('/v1/integrations/' + id)).json();
  const put = async (id, body) => {
    const response = await fetch('/v1/integrations/' + id, { method: 'PUT', body: JSON.stringify(body) });
    return [response.status, await response.json()];
  };`;
const shared = serveForAll();
const codeOf = ({ status, body }: Reply): [number, string | undefined] => [status, body.errors?.[0]?.code];

describe('install', () => {
  test('without an installer function the record is made from the manifest', async () => {
    const { client, runtime } = await shared.serve({
      a: {
        manifest: { version: '1.2.3' },
        connector: { title: 'Title', install: [{ name: 'S', installerFunction: 's', own: 1 }], settings: { x: [] } },
        code: 'exports.installer = {}',
      },
      bare: { code: 'exports.installer = {}' },
    });
    const connectorId = await connectorIdOf(client, 'a');
    const reply = await client('POST', `/integrations/${connectorId}/install`, { tag: 'eu', sandbox: true });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      _id: expect.stringMatching(/^[0-9a-f]{24}$/),
      createdAt: expect.any(String),
      lastModified: expect.any(String),
      name: 'Title',
      tag: 'eu',
      sandbox: true,
      _connectorId: connectorId,
      mode: 'install',
      settings: { x: [] },
      version: '1.2.3',
      updateInProgress: false,
      install: [{ name: 'S', installerFunction: 's', own: 1, completed: false }],
    });
    expect(reply.headers.get('location')).toBe(`${runtime.url}/v1/integrations/${reply.body._id}`);
    expect((await client('GET', `/integrations/${reply.body._id}`)).body).toEqual(reply.body);

    const bare = await client('POST', `/integrations/${await connectorIdOf(client, 'bare')}/install`, { name: 'Mine' });
    expect(bare.body).toMatchObject({ name: 'Mine', mode: 'settings', settings: {}, install: [] });
  });

  test('the installer function sees its record, and what it writes is part of the install', async () => {
    const { client } = await shared.serve({
      a: {
        connector: { installerFunction: 'go', opts: { o: 1 } },
        code: `${API} exports.installer = { async go(options) {
          const mine = await get(options._integrationId);
          const [status] = await put(options._integrationId, { settings: { mode: mine.mode, keys: Object.keys(options), tag: options.tag } });
          return { status };
        } }`,
      },
    });
    const reply = await client('POST', `/integrations/${await connectorIdOf(client, 'a')}/install`, { tag: 'eu' });
    expect(reply.body).toMatchObject({
      mode: 'settings',
      settings: { mode: 'install', keys: ['tag', 'opts', '_connectorId', '_integrationId', 'bearerToken'], tag: 'eu' },
    });
    expect(reply.headers.get('bulkhead-run-id')).toMatch(/^[0-9a-f]{24}$/);
  });

  test.each([
    [
      'throws',
      `async (o) => { await put(o._integrationId, { name: 'changed' }); throw Object.assign(new Error('no'), { code: 'mine' }) }`,
      'mine',
    ],
    ['never answers', '(options, callback) => {}', 'never_answered'],
    ['is not there', '5', 'invalid_function'],
    ['runs for ever', '() => { for (;;); }', 'cpu_limit_exceeded'],
  ])('nothing is left when the function %s', async (_what, source, code) => {
    const connector = { installerFunction: 'go', limits: { cpuMs: 200 } };
    const { client } = await shared.serve({ a: { connector, code: `${API} exports.installer = { go: ${source} }` } });
    const reply = await client('POST', `/integrations/${await connectorIdOf(client, 'a')}/install`, {});
    expect(codeOf(reply)).toEqual([422, code]);
    expect((await client('GET', '/integrations')).body).toEqual([]);
  });

  test('nothing is stored before the end or if it fails, even without "transactional"', async () => {
    const { client, runtime } = await shared.serve({
      a: {
        connector: { transactional: false, installerFunction: 'go' },
        code: `${API} exports.installer = { async go({ _integrationId, tag }) {
          const post = (body) => fetch('/v1/connections', { method: 'POST', body: JSON.stringify(body) });
          const made = [(await post({ name: 'c' })).status, (await put(_integrationId, { name: 'changed' }))[0]];
          console.log(JSON.stringify(made));
          if (tag === 'fails') throw Object.assign(new Error('no'), { code: 'mine' });
          return {};
        } }`,
      },
    });
    const connectorId = await connectorIdOf(client, 'a');
    const events = await openEvents(runtime.url, TOKEN);
    const failed = await client('POST', `/integrations/${connectorId}/install`, { tag: 'fails' });
    expect(codeOf(failed)).toEqual([422, 'mine']);
    for (const kind of ['integrations', 'connections']) expect((await client('GET', `/${kind}`)).body).toEqual([]);
    const { body } = await client('POST', `/integrations/${connectorId}/install`, {});
    expect((await client('GET', `/connections?_integrationId=${body._id}`)).body).toMatchObject([{ name: 'c' }]);
    expect((await client('GET', `/integrations/${body._id}`)).body).toMatchObject({ name: 'changed' });
    await vi.waitFor(() => expect(namesOf(events).filter((name) => name === 'run.ended')).toHaveLength(2));
    const told = (name: string, key: string): unknown[] =>
      events.all.filter((event) => event.name === name).map(({ data }) => data[key]);
    expect(told('run.log', 'message')).toEqual(['[201,200]', '[201,200]']);
    expect(told('integration.changed', '_integrationId')).toEqual([body._id]);
  });

  test.each([
    [{ name: '' }, 'name'],
    [{ tag: 5 }, 'tag'],
    [{ sandbox: 'x' }, 'sandbox'],
  ])('a body of %j is refused', async (body, field) => {
    const { client } = await shared.serve({ a: { code: 'exports.installer = {}' } });
    const reply = await client('POST', `/integrations/${await connectorIdOf(client, 'a')}/install`, body);
    expect([reply.status, errorsOf(reply)]).toEqual([422, [['invalid_field', field]]]);
    expect((await client('GET', '/integrations')).body).toEqual([]);
  });
});

describe('a call', () => {
  test("options are the body's keys and the runtime's, and the runtime's win", async () => {
    const { client } = await shared.serve({
      a: {
        connector: { opts: { fromManifest: 1 } },
        code: 'exports.utilities = { f: (options) => ({ ...options, bearerToken: options.bearerToken.length }) }',
      },
    });
    const id = await installed(client, 'a');
    const call = async (body?: unknown) => (await client('PUT', `/v1/integrations/${id}/utilities/f`, body)).body;
    const own = {
      opts: { fromManifest: 1 },
      _connectorId: await connectorIdOf(client, 'a'),
      _integrationId: id,
      bearerToken: 70,
    };
    expect(await call()).toEqual(own);
    expect(await call({})).toEqual(own);
    expect(await call(' { } \r\n')).toEqual(own);
    expect(await call(' {"a": "}", "ü": 1 }\r\n')).toEqual({ a: '}', ü: 1, ...own });
    const forged = { opts: 1, _connectorId: 2, _integrationId: 3, bearerToken: 4, __proto__: 5, x: 6 };
    expect(await call(forged)).toEqual({ ...own, x: 6 });
  });

  test('the answer is the body, unchanged', async () => {
    const { client } = await shared.serve({
      a: { code: 'exports.utilities = { f: ({ as }) => eval("(" + as + ")") }' },
    });
    const id = await installed(client, 'a');
    for (const as of ['null', '0', 'false', '""', '[]', '{"b":1,"a":[null]}', '"\\u2028"']) {
      const reply = await client('PUT', `/integrations/${id}/utilities/f`, { as });
      expect([reply.status, reply.text], as).toEqual([200, JSON.stringify(JSON.parse(as))]);
      expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(reply.headers.get('bulkhead-run-id')).toMatch(/^[0-9a-f]{24}$/);
    }
  });

  test("a connector's failures are 422 with its code; others are 503", async () => {
    const { client } = await shared.serve({
      a: {
        code: `exports.utilities = {
        fails() { throw Object.assign(new Error('why'), { code: 'mine', secret: 1 }) }, plain() { throw new RangeError('r') },
        token(options) { throw new Error(options.bearerToken) }, big: () => 'x'.repeat(5 * 1024 * 1024), odd: () => 1n,
      }`,
      },
    });
    const id = await installed(client, 'a');
    const call = (name: string) => client('PUT', `/integrations/${id}/utilities/${name}`);
    const fails = await call('fails');
    expect([fails.status, fails.body]).toEqual([422, { errors: [{ code: 'mine', message: 'why' }] }]);
    expect(fails.headers.get('bulkhead-run-id')).toMatch(/^[0-9a-f]{24}$/);
    expect((await call('plain')).body).toEqual({ errors: [{ code: 'RangeError', message: 'r' }] });
    expect((await call('token')).body.errors[0].message).toBe('[redacted]');
    expect(codeOf(await call('big'))).toEqual([422, 'response_size_exceeded']);
    expect(codeOf(await call('odd'))).toEqual([422, 'invalid_extension_response']);
    expect(codeOf(await call('nope'))).toEqual([422, 'invalid_function']);
    expect(codeOf(await call('toString'))).toEqual([422, 'invalid_function']);
    expect(codeOf(await call('__proto__'))).toEqual([422, 'invalid_function']);
    expect(codeOf(await client('PUT', `/integrations/${id}/settings/f`))).toEqual([422, 'object_not_found']);
  });

  test('the operator sets the limits; a manifest may lower them, never raise them', async () => {
    const wait = 'exports.utilities = { f: ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms, 1)) }';
    const { client } = await serve(
      {
        less: { connector: { limits: { timeoutMs: 200 } }, code: wait },
        more: { connector: { limits: { timeoutMs: 60_000 } }, code: wait },
      },
      { runTimeoutMs: 1_000 },
    );
    const [less, more] = [await installed(client, 'less'), await installed(client, 'more')];
    const call = (id: string, ms: number) => client('PUT', `/integrations/${id}/utilities/f`, { ms });
    expect(codeOf(await call(less, 600))).toEqual([422, 'run_timeout']);
    expect((await call(more, 600)).status).toBe(200);
    expect(codeOf(await call(more, 5_000))).toEqual([422, 'run_timeout']);
  });

  test('a name with any characters is looked up as it is', async () => {
    const { client } = await shared.serve({ a: { code: 'exports.utilities = { "größe/a b%": () => 1 }' } });
    const id = await installed(client, 'a');
    expect((await client('PUT', `/integrations/${id}/utilities/${encodeURIComponent('größe/a b%')}`)).body).toBe(1);
    expect((await client('PUT', `/integrations/${id}/utilities/%E0%A4%A`)).status).toBe(422);
  });

  test('overlapping runs: the later commit that touches the same record is a conflict', async () => {
    const { client } = await shared.serve({
      a: {
        code: `${API} exports.settings = { async f({ _integrationId, name, first, ms }) {
        await put(_integrationId, { name });
        await new Promise((resolve) => setTimeout(resolve, ms));
        return (await get(_integrationId)).name;
      } }`,
      },
    });
    const id = await installed(client, 'a');
    const call = (name: string, ms: number) => client('PUT', `/integrations/${id}/settings/f`, { name, ms });
    const [slow, quick] = await Promise.all([call('slow', 600), call('quick', 1)]);
    expect([quick.status, quick.body]).toEqual([200, 'quick']);
    expect(codeOf(slow)).toEqual([409, 'conflict']);
    expect((await client('GET', `/integrations/${id}`)).body.name).toBe('quick');
    expect((await call('again', 1)).body).toBe('again');
  });

  test("a run's writes are invisible until it succeeds, and gone if it fails", async () => {
    const { client } = await shared.serve({
      a: {
        code: `${API} exports.settings = { async f({ _integrationId, fail }) {
        await put(_integrationId, { name: 'written' });
        console.log('written');
        await new Promise((resolve) => setTimeout(resolve, 300));
        if (fail) throw new Error('no');
      } }`,
      },
    });
    const id = await installed(client, 'a', { name: 'before' });
    const nameNow = async () => (await client('GET', `/integrations/${id}`)).body.name;
    const failing = client('PUT', `/integrations/${id}/settings/f`, { fail: true });
    expect(await nameNow()).toBe('before');
    expect((await failing).status).toBe(422);
    expect(await nameNow()).toBe('before');
    const succeeding = client('PUT', `/integrations/${id}/settings/f`, {});
    expect(await nameNow()).toBe('before');
    expect((await succeeding).status).toBe(200);
    expect(await nameNow()).toBe('written');
  });
});

describe("a run's token", () => {
  const bundle: BundleText = {
    code: `exports.utilities = {
      async ask({ method = 'GET', path, body, token, bearerToken }) {
        const headers = token ? { authorization: 'Bearer ' + token } : {};
        const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
        const text = await response.text();
        return [response.status, text && JSON.parse(text)];
      },
      own: ({ bearerToken }) => bearerToken,
    };`,
  };

  test('reaches its own integration, and only while it runs', async () => {
    const { client } = await shared.serve({ a: bundle });
    const [id, other] = [await installed(client, 'a'), await installed(client, 'a')];
    const ask = async (body: object) => (await client('PUT', `/integrations/${id}/utilities/ask`, body)).body;
    const codeFor = async (body: object) => {
      const [status, reply] = await ask(body);
      return [status, reply.errors?.[0].code];
    };
    expect((await ask({ path: `/v1/integrations/${id}` }))[0]).toBe(200);
    for (const host of ['api', 'api.eu', 'api.staging']) {
      expect((await ask({ path: `https://${host}.integrator.io/v1/integrations/${id}` }))[0]).toBe(200);
    }
    expect(await ask({ path: `/integrations` })).toMatchObject([200, [{ _id: id }]]);
    expect((await ask({ path: '/tokenInfo' }))[1]).toMatchObject({ scope: 'run', _integrationId: id });
    for (const [method, path, body] of [
      ['GET', `/integrations/${other}`],
      ['PUT', `/integrations/${other}`, { name: 'x' }],
      ['GET', `/integrations/${other}/dependencies`],
      ['DELETE', `/integrations/${id}`],
      ['POST', '/integrations', { name: 'x' }],
      ['GET', '/connectors'],
      ['PUT', `/integrations/${id}/utilities/own`, {}],
      ['DELETE', `/integrations/${id}/install`],
      ['GET', '/integrations/0123456789abcdef01234567'],
    ] as const) {
      expect(await codeFor({ method, path, body }), `${method} ${path}`).toEqual([403, 'access_restricted']);
    }
    const { body: ended } = await client('PUT', `/integrations/${id}/utilities/own`);
    expect(await codeFor({ path: '/tokenInfo', token: ended })).toEqual([403, 'access_restricted']);
    const outside = await client('GET', '/tokenInfo', undefined, { authorization: `Bearer ${ended}` });
    expect(codeOf(outside)).toEqual([401, 'unauthorized']);
  });

  test('a request that is not valid HTTP is refused in the guest and harms nobody', async () => {
    const { client } = await shared.serve({
      a: {
        code: `exports.utilities = { ask: ({ path, init }) => fetch(path, init).then(({ status }) => status, (error) => error.code ?? error.message) }`,
      },
    });
    const id = await installed(client, 'a');
    const ask = async (path: string, init: object) =>
      (await client('PUT', `/integrations/${id}/utilities/ask`, { path, init })).body;
    expect(await ask('/tokenInfo', { method: 'FOO' })).toBe('invalid_request');
    expect(await ask('/tokenInfo', { method: 'get' })).toBe(200);
    expect(await ask('/tokenInfo', { headers: { 'a b': 'c' } })).not.toBe(500);
    expect(await ask('/tokenInfo', { headers: { a: 'b\r\nc: d' } })).not.toBe(500);
    expect(await ask('http://[', {})).toContain('Failed to parse URL');
    expect(await ask('https://user@api.integrator.io/tokenInfo', {})).toContain('credentials');
    expect(await ask('https://elsewhere.test/', {})).toBe('permission_denied');
    expect(await ask(`/${'x'.repeat(9000)}`, {})).toBe('invalid_request');
    expect((await client('GET', '/healthz')).status).toBe(200);
  });

  test('a request admitted before its run ended writes nothing afterwards', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
    const code = `exports.utilities = { f({ bearerToken }, callback) {
      console.log([...bearerToken].join(' '));
      setTimeout(callback, 500);
    } }`;
    const { runtime, client } = await serve({ a: { code } }, { logger });
    const id = await installed(client, 'a', { name: 'before' });
    const running = client('PUT', `/integrations/${id}/utilities/f`);
    // The log hides the token as it is, and shows what a connector makes of it.
    const token = await vi.waitFor(() => {
      const spaced = lines.map((line) => JSON.parse(line).msg).find((text) => /^(?:\S ){69}\S$/.test(text ?? ''));
      expect(spaced).toBeDefined();
      return String(spaced).replaceAll(' ', '');
    });
    const body = '{"name":"late"}';
    const head = [
      `PUT /integrations/${id} HTTP/1.1`,
      'Host: localhost',
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Connection: close',
    ];
    const socket = connect(Number(new URL(runtime.url).port), '127.0.0.1');
    socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 5)}`);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    expect((await running).status).toBe(200);
    socket.write(body.slice(5));
    await once(socket, 'close');
    expect(received).toContain('401 Unauthorized');
    expect((await client('GET', `/integrations/${id}`)).body.name).toBe('before');
  });

  test("writes every field of its integration but the runtime's", async () => {
    const { client } = await shared.serve({ a: bundle });
    const id = await installed(client, 'a');
    const write = async (body: object) =>
      (await client('PUT', `/integrations/${id}/utilities/ask`, { method: 'PUT', path: `/integrations/${id}`, body }))
        .body;
    const fields = { name: 'n', mode: 'uninstall', settings: { s: 1 }, version: '9.0.0', install: [{ name: 'x' }] };
    expect(await write({ ...fields, _id: 'x', createdAt: 'y' })).toMatchObject([200, { ...fields, _id: id }]);
    expect((await client('GET', `/integrations/${id}`)).body).toMatchObject(fields);
    expect((await write({ _connectorId: '0'.repeat(24) }))[1].errors[0].field).toBe('_connectorId');
    expect((await write({ updateInProgress: true }))[1].errors[0].field).toBe('updateInProgress');
    expect((await write({ mode: 'other' }))[1].errors[0].field).toBe('mode');
    expect((await write({ settings: { x: 'x'.repeat(5 * 1024 * 1024) } }))[1].errors[0].field).toBe('settings');
  });
});

describe('steps', () => {
  const connector = {
    install: [
      { name: 'One', installerFunction: 'one' },
      { name: 'Two', installerFunction: 'two' },
    ],
  };
  const stepsOf = async (client: Awaited<ReturnType<typeof serve>>['client'], id: string) => {
    const { body } = await client('GET', `/integrations/${id}`);
    return [body.mode, ...body.install.map(({ completed }: { completed: boolean }) => completed)];
  };

  test('success completes the step, stepsToUpdate is merged, and the last one makes the integration ready', async () => {
    const { client } = await shared.serve({
      a: {
        connector,
        code: `exports.installer = {
        one: () => ({ success: true, stepsToUpdate: [{ installerFunction: 'two', description: 'now', extra: 1 }] }),
        two: ({ ok }) => ({ success: ok }), other: () => ({ success: true }) }`,
      },
    });
    const id = await installed(client, 'a');
    const call = (name: string, body?: object) => client('PUT', `/integrations/${id}/installer/${name}`, body);
    await call('other');
    expect(await stepsOf(client, id)).toEqual(['install', false, false]);
    await call('one');
    expect(await stepsOf(client, id)).toEqual(['install', true, false]);
    expect((await client('GET', `/integrations/${id}`)).body.install[1]).toMatchObject({
      description: 'now',
      extra: 1,
    });
    await call('two', { ok: false });
    expect(await stepsOf(client, id)).toEqual(['install', true, false]);
    await call('two', { ok: true });
    expect(await stepsOf(client, id)).toEqual(['settings', true, true]);
  });

  test('a function may write the steps or the mode itself', async () => {
    const { client } = await shared.serve({
      a: {
        connector,
        code: `${API} exports.installer = {
        async one({ _integrationId }) { await put(_integrationId, { install: [{ name: 'One', installerFunction: 'one', completed: false }, { name: 'New', completed: true }] }); return { success: true } },
        async two({ _integrationId }) { await put(_integrationId, { mode: 'uninstall', install: [{ name: 'Two', completed: true }] }); return { success: true } } }`,
      },
    });
    const id = await installed(client, 'a');
    await client('PUT', `/integrations/${id}/installer/one`);
    expect(await stepsOf(client, id)).toEqual(['install', false, true]);
    await client('PUT', `/integrations/${id}/installer/two`);
    expect(await stepsOf(client, id)).toEqual(['uninstall', true]);
  });

  test('a reply that would make the record invalid stores nothing', async () => {
    const { client } = await shared.serve({
      a: {
        connector,
        code: `exports.installer = { one: () => ({ success: true, stepsToUpdate: [{ installerFunction: 'one', name: 5 }] }) }`,
      },
    });
    const id = await installed(client, 'a');
    const reply = await client('PUT', `/integrations/${id}/installer/one`);
    expect(reply.status).toBe(422);
    expect(await stepsOf(client, id)).toEqual(['install', false, false]);
  });
});

describe('update', () => {
  const v1 = {
    manifest: { version: '1.0.0' },
    connector: { updateFunction: 'update' },
    code: 'exports.settings = { f: () => 1 }',
  };
  const version2 = (update: string): BundleText => ({
    manifest: { version: '2.0.0' },
    connector: { updateFunction: 'update' },
    code: `${API} exports.installer = { update: ${update} }; exports.settings = { f: () => 2 };`,
  });

  async function updated(update: string, count = 1, more: object = {}) {
    const served = await shared.serve({ a: v1 });
    const { client, connectors } = served;
    const connectorId = await connectorIdOf(client, 'a');
    const ids: string[] = [];
    for (let i = 0; i < count; i++) ids.push(await installed(client, 'a', { tag: `t${i}` }));
    const next = version2(update);
    await writeBundle(connectors, 'a', { ...next, connector: { ...next.connector, ...more } });
    const isThere = async () => expect((await client('GET', `/connectors/${connectorId}`)).body.version).toBe('2.0.0');
    await vi.waitFor(isThere, { timeout: 60_000, interval: 20 });
    const push = (body: unknown = { _integrationIds: ids }) => client('PUT', `/connectors/${connectorId}/update`, body);
    return { ...served, connectorId, ids, id: ids[0] as string, push };
  }

  test('the function runs, then the version is set and the flag cleared', async () => {
    const { client, id, push, connectorId } = await updated(
      `async (o) => { const { updateInProgress } = await get(o._integrationId); await put(o._integrationId, { settings: { from: o.currentVersion, to: o.nextVersion, updateInProgress } }); }`,
    );
    expect((await client('GET', `/connectors/${connectorId}/installBase`)).body).toEqual([
      { _integrationId: id, name: 'a', version: '1.0.0', updateInProgress: false, update: { version: '2.0.0' } },
    ]);
    const tile = async () => (await client('GET', '/tiles')).body[0];
    expect(await tile()).toMatchObject({ version: '1.0.0', update: { version: '2.0.0' } });
    const reply = await push();
    expect([reply.status, reply.body]).toEqual([200, { _integrationIds: [id] }]);
    expect(await tile()).toMatchObject({ version: '2.0.0' });
    expect(await tile()).not.toHaveProperty('update');
    expect((await client('GET', `/integrations/${id}`)).body).toMatchObject({
      version: '2.0.0',
      updateInProgress: false,
      settings: { from: '1.0.0', to: '2.0.0', updateInProgress: true },
    });
  });

  test('while it runs, settings functions get 409 and so does a second update', async () => {
    const { client, id, push } = await updated('() => new Promise((resolve) => setTimeout(resolve, 800))');
    const pushing = push();
    await vi.waitFor(async () => expect((await client('GET', `/integrations/${id}`)).body.updateInProgress).toBe(true));
    expect(codeOf(await client('PUT', `/integrations/${id}/settings/f`))).toEqual([409, 'update_in_progress']);
    expect(codeOf(await push())).toEqual([409, 'update_in_progress']);
    expect((await pushing).status).toBe(200);
    expect((await client('PUT', `/integrations/${id}/settings/f`)).body).toBe(2);
  });

  test.each([{}, { transactional: false }])(
    'a function that fails leaves the record as it was and is reported; the others are updated: %j',
    async (more) => {
      const { client, ids, push } = await updated(
        `async (o) => { await put(o._integrationId, { settings: { half: 1 } }); if ((await get(o._integrationId)).tag === 't0') throw Object.assign(new Error('no'), { code: 'mine' }) }`,
        2,
        more,
      );
      const before = await Promise.all(ids.map(async (each) => (await client('GET', `/integrations/${each}`)).body));
      const reply = await push();
      expect([reply.status, reply.body.errors]).toEqual([
        422,
        [{ code: 'mine', message: 'no', field: '_integrationIds.0' }],
      ]);
      const [failed, other] = await Promise.all(
        ids.map(async (each) => (await client('GET', `/integrations/${each}`)).body),
      );
      expect(failed).toEqual(before[0]);
      expect(other).toMatchObject({ version: '2.0.0', updateInProgress: false, settings: { half: 1 } });
    },
  );

  test('a deeply nested body is refused', async () => {
    const { push } = await updated('() => {}');
    const deep = `{"_integrationIds":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect((await push(deep)).status).toBe(422);
  });

  test('bodies that name the wrong integrations change nothing', async () => {
    const { client, id, push } = await updated('() => {}');
    const { body: diy } = await client('POST', '/integrations', { name: 'diy' });
    for (const [body, field] of [
      [{}, '_integrationIds'],
      [{ _integrationIds: [] }, '_integrationIds'],
      [{ _integrationIds: 'x' }, '_integrationIds'],
      [{ _integrationIds: [5] }, '_integrationIds.0'],
      [{ _integrationIds: [id, id] }, '_integrationIds'],
      [{ _integrationIds: [id, diy._id] }, '_integrationIds.1'],
      [{ _integrationIds: [id, '0'.repeat(24)] }, '_integrationIds.1'],
    ] as const) {
      const reply = await push(body);
      expect([reply.status, errorsOf(reply)[0]?.[1]], JSON.stringify(body)).toEqual([422, field]);
    }
    expect((await client('GET', `/integrations/${id}`)).body.version).toBe('1.0.0');
  });
});

describe('uninstall', () => {
  const uninstaller = (source: string, more = ''): BundleText => ({
    connector: { uninstallerFunction: 'go', preUninstallFunction: 'pre' },
    code: `${API} exports.uninstaller = { go: ${source}, ${more} }`,
  });

  test('the function runs, everything goes, and its answer is the reply', async () => {
    const { client } = await shared.serve({
      a: uninstaller('() => ({ done: 1 })'),
      b: { code: 'exports.installer = {}' },
      c: uninstaller('() => {}'),
    });
    for (const [name, answer] of Object.entries({ a: { done: 1 }, b: { success: true }, c: { success: true } })) {
      const id = await installed(client, name);
      const reply = await client('DELETE', `/integrations/${id}/install`);
      expect([reply.status, reply.body], name).toEqual([200, answer]);
      expect((await client('GET', `/integrations/${id}`)).status).toBe(404);
    }
    expect((await client('GET', '/integrations')).body).toEqual([]);
  });

  test('the pre-uninstall function is called by its name, or by the key of the manifest that names it', async () => {
    const { client } = await shared.serve({
      a: uninstaller('() => {}', `pre: () => [{ name: 'step', function: 'go' }],`),
      b: { code: `exports.uninstaller = { preUninstallFunction: () => 'its own' };` },
    });
    const id = await installed(client, 'a');
    for (const name of ['pre', 'preUninstallFunction']) {
      const reply = await client('PUT', `/integrations/${id}/uninstaller/${name}`);
      expect([reply.status, reply.body]).toEqual([200, [{ name: 'step', function: 'go' }]]);
      expect((await client('GET', `/integrations/${id}`)).body).toMatchObject({ mode: 'uninstall' });
    }
    const other = await installed(client, 'b');
    expect((await client('PUT', `/integrations/${other}/uninstaller/preUninstallFunction`)).body).toBe('its own');
  });

  test('a removal is called off until a step is completed, and the mode is what it was', async () => {
    const code = `exports.installer = { a: () => ({ success: true }) };
      exports.uninstaller = {
        pre: () => [{ name: 'one', uninstallerFunction: 'one' }, { name: 'two', uninstallerFunction: 'two' }],
        one: () => ({ success: true }), two: () => ({ success: false }),
      };`;
    const install = [{ name: 'A', installerFunction: 'a' }];
    const { client } = await shared.serve({ a: { connector: { preUninstallFunction: 'pre', install }, code } });
    const id = await installed(client, 'a');
    const path = `/integrations/${id}`;
    const callOff = (headers?: Record<string, string>) => client('PUT', `${path}/uninstall/cancel`, undefined, headers);
    const begin = () => client('PUT', `${path}/uninstaller/pre`);
    expect(codeOf(await callOff())).toEqual([409, 'conflict']);
    await begin();
    await client('PUT', `${path}/uninstaller/two`);
    expect(codeOf(await callOff({ 'if-match': '"stale"' }))).toEqual([412, 'precondition_failed']);
    const called = await callOff();
    expect([called.status, called.body.mode, called.body.uninstall]).toEqual([200, 'install', undefined]);
    expect((await client('GET', path)).body).toEqual(called.body);
    expect((await client('GET', path)).headers.get('etag')).toBe(called.headers.get('etag'));
    await client('PUT', `${path}/installer/a`);
    await begin();
    expect((await callOff()).body.mode).toBe('settings');
    await begin();
    await client('PUT', `${path}/uninstaller/one`);
    expect(codeOf(await callOff())).toEqual([409, 'conflict']);
    expect((await client('GET', path)).body.mode).toBe('uninstall');
    const manual = (await client('POST', '/integrations', { name: 'Manual' })).body._id;
    expect(codeOf(await client('PUT', `/integrations/${manual}/uninstall/cancel`))).toEqual([409, 'conflict']);
  });

  test('if the function fails, everything stays, unless forced: then the failure is reported', async () => {
    const { client } = await shared.serve({
      a: uninstaller(`() => { throw Object.assign(new Error('no'), { code: 'mine' }) }`),
    });
    const id = await installed(client, 'a');
    const before = (await client('GET', `/integrations/${id}`)).body;
    expect(codeOf(await client('DELETE', `/integrations/${id}/install`))).toEqual([422, 'mine']);
    expect((await client('GET', `/integrations/${id}`)).body).toEqual(before);
    const stale = await client('DELETE', `/integrations/${id}/install`, undefined, { 'if-match': '"stale"' });
    expect(codeOf(stale)).toEqual([412, 'precondition_failed']);
    const forced = await client('DELETE', `/integrations/${id}/install?force=true`);
    expect(forced.headers.get('bulkhead-run-id')).toMatch(/^[0-9a-f]{24}$/);
    expect([forced.status, forced.body]).toEqual([200, { success: true, errors: [{ code: 'mine', message: 'no' }] }]);
    expect((await client('GET', `/integrations/${id}`)).status).toBe(404);
  });

  test('an integration whose bundle is gone is not stuck', async () => {
    const { client, connectors } = await shared.serve({ a: { code: 'exports.installer = {}' } });
    const id = await installed(client, 'a');
    await rm(`${connectors}/a`, { recursive: true });
    await vi.waitFor(async () => expect((await client('GET', '/connectors')).body).toEqual([]), {
      timeout: 60_000,
      interval: 20,
    });
    expect(codeOf(await client('DELETE', `/integrations/${id}/install`))).toEqual([422, 'connector_unavailable']);
    const forced = await client('DELETE', `/integrations/${id}/install?force=true`);
    expect([forced.status, forced.body.success]).toEqual([200, true]);
  });

  test('pre-uninstall steps are kept and completed one by one', async () => {
    const { client } = await shared.serve({
      a: uninstaller(
        '() => ({})',
        `pre: () => [{ name: 'Close', uninstallerFunction: 'close' }], close: () => ({ success: true })`,
      ),
    });
    const id = await installed(client, 'a');
    const pre = await client('PUT', `/integrations/${id}/uninstaller/pre`);
    expect(pre.body).toEqual([{ name: 'Close', uninstallerFunction: 'close' }]);
    expect((await client('GET', `/integrations/${id}`)).body).toMatchObject({ mode: 'uninstall', uninstall: pre.body });
    await client('PUT', `/integrations/${id}/uninstaller/close`);
    expect((await client('GET', `/integrations/${id}`)).body.uninstall).toEqual([{ ...pre.body[0], completed: true }]);
    expect((await client('DELETE', `/integrations/${id}/install`)).status).toBe(200);
  });
});

test("persistSettings: the connector's own if it has one, the runtime's otherwise", async () => {
  const settings = { sections: [{ fields: [{ name: 'n', type: 'input', value: '' }] }] };
  const { client } = await shared.serve({
    own: {
      connector: { settings },
      code: 'exports.settings = { persistSettings: ({ pending }) => ({ mine: pending }) }',
    },
    none: { connector: { settings }, code: 'exports.installer = {}' },
    liar: {
      connector: { settings },
      code: `exports.settings = { persistSettings() { throw Object.assign(new Error('x'), { code: 'invalid_function' }) } }`,
    },
  });
  const persist = async (name: string) => {
    const id = await installed(client, name);
    const reply = await client('PUT', `/integrations/${id}/settings/persistSettings`, { pending: { n: 'v' } });
    return [reply.body, (await client('GET', `/integrations/${id}`)).body.settings.sections[0].fields[0].value];
  };
  expect(await persist('own')).toEqual([{ mine: { n: 'v' } }, '']);
  expect(await persist('none')).toEqual([{ success: true, pending: { n: 'v' } }, 'v']);
  expect(await persist('liar')).toEqual([{ errors: [{ code: 'invalid_function', message: 'x' }] }, '']);
});

test('a missing persistSettings is looked up once per version', async () => {
  const { client, connectors } = await shared.serve({
    a: { code: `module.exports = { get settings() { console.log('looked for'); return {}; } };` },
  });
  const id = await installed(client, 'a');
  const persist = () => client('PUT', `/integrations/${id}/settings/persistSettings`, { pending: {} });
  const lookedFor = async () =>
    (await client('GET', `/integrations/${id}/runs`)).body.map((run: { log: unknown[] }) => run.log.length > 0);
  for (let i = 0; i < 3; i++) expect((await persist()).body).toEqual({ success: true, pending: {} });
  expect(await lookedFor()).toEqual([true, false, false]);

  await writeBundle(connectors, 'a', { code: 'exports.settings = { persistSettings: () => ({ mine: true }) };' });
  await vi.waitFor(async () => expect((await persist()).body).toEqual({ mine: true }), { timeout: 30_000 });
});
