/** `/accesstokens`: making, limiting, revoking (contract 15), and attempts to get more out of them. */
import { hash } from 'node:crypto';
import { Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import { type Client, createClient, errorsOf } from '../support/client.ts';
import { isOnPostgres, storedTexts } from '../support/engine.ts';
import { namesOf, openEvents } from '../support/events.ts';
import { connectorIdOf, installed, type Served, serve, serveForAll, TOKEN } from '../support/runtime.ts';

const CODE = `exports.installer = exports.settings = {
  own: ({ bearerToken }) => bearerToken,
  async ask({ method, path, body, token }) {
    const headers = token === undefined ? {} : { authorization: 'Bearer ' + token };
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    return { status: response.status, text: await response.text() };
  },
  waits: () => new Promise((resolve) => setTimeout(resolve, 60_000)),
};`;

const shared = serveForAll({ a: { code: CODE } });
const within = { timeout: 10_000, interval: 20 };
const later = (ms: number): string => new Date(Date.now() + ms).toISOString();
const DAY_MS = 24 * 3_600_000;

interface Made {
  readonly _id: string;
  readonly token: string;
  readonly client: Client;
}

async function made(body: object, by = shared().client): Promise<Made> {
  const reply = await by('POST', '/accesstokens', { name: 'n', scope: 'full', ...body });
  expect(reply.status, reply.text).toBe(201);
  const { _id, token } = reply.body;
  return { _id, token, client: createClient(shared().runtime.url, token) };
}

const diy = async (name = 'n'): Promise<string> => (await shared().client('POST', '/integrations', { name })).body._id;

describe('records', () => {
  test('a token is shown once, and what is read can be sent back', async () => {
    const { client, runtime } = shared();
    const id = await diy();
    const body = { name: 'Größe 😀', description: 'd', scope: 'integrations', _integrationIds: [id] };
    const reply = await client('POST', '/accesstokens', { ...body, autoPurgeAt: '2100-01-01T01:00+01:00' });
    expect([reply.status, reply.headers.get('cache-control')]).toEqual([201, 'no-store']);
    const { token, ...shown } = reply.body;
    expect(token).toMatch(/^bh_[\w-]{43}$/);
    expect(reply.headers.get('location')).toBe(`${runtime.url}/v1/accesstokens/${shown._id}`);
    expect(shown).toMatchObject({ ...body, autoPurgeAt: '2100-01-01T00:00:00.000Z' });
    const read = await client('GET', `/accesstokens/${shown._id}`);
    expect(read.body).toEqual(shown);
    const listed = (await client('GET', '/accesstokens')).body.find(({ _id }: Made) => _id === shown._id);
    expect(listed).toEqual(shown);
    expect((await client('GET', `/accesstokens/${shown._id}?include=name`)).body).toEqual({
      _id: shown._id,
      name: body.name,
    });

    const own = createClient(runtime.url, token);
    expect((await own('GET', '/tokenInfo')).body).toEqual({
      scope: 'integrations',
      _id: shown._id,
      name: body.name,
      _integrationIds: [id],
      autoPurgeAt: shown.autoPurgeAt,
    });
    const lastUsedAt = await vi.waitFor(async () => {
      const { body } = await client('GET', `/accesstokens/${shown._id}`);
      expect(Date.parse(body.lastUsedAt)).toBeGreaterThan(Date.now() - 60_000);
      return body.lastUsedAt;
    }, within);
    await own('GET', '/tokenInfo');

    const back = { ...read.body, lastUsedAt, name: 'other' };
    const stale = await client('PUT', `/accesstokens/${shown._id}`, back, { 'if-match': '"other"' });
    expect(errorsOf(stale)).toEqual([['precondition_failed']]);
    const put = await client('PUT', `/accesstokens/${shown._id}`, back, { 'if-match': read.headers.get('etag') ?? '' });
    expect([put.status, put.body]).toEqual([200, { ...back, lastModified: put.body.lastModified }]);
    expect((await own('GET', '/tokenInfo')).body.name).toBe('other');
    // All of it is written.
    await client('PUT', `/accesstokens/${shown._id}`, { name: 'n', scope: 'read' });
    expect((await own('GET', '/tokenInfo')).body).toEqual({ scope: 'read', _id: shown._id, name: 'n' });

    expect((await client('DELETE', `/accesstokens/${shown._id}`)).status).toBe(204);
    expect(errorsOf(await own('GET', '/tokenInfo'))).toEqual([['unauthorized']]);
    expect(errorsOf(await client('DELETE', `/accesstokens/${shown._id}`))).toEqual([['not_found']]);
    expect((await client('GET', `/accesstokens/${shown._id}`)).status).toBe(404);
  });

  test.each<[object, [string, string?][]]>([
    [
      {},
      [
        ['missing_required_field', 'name'],
        ['missing_required_field', 'scope'],
      ],
    ],
    [{ name: ' ', scope: 'read' }, [['invalid_field', 'name']]],
    [{ name: 'n'.repeat(201), scope: 'read' }, [['invalid_field', 'name']]],
    [{ name: 'n', scope: ['read'] }, [['invalid_field', 'scope']]],
    [{ name: 'n', scope: ['full'] }, [['invalid_field', 'scope']]],
    [{ name: 'n', scope: 'administrator' }, [['invalid_field', 'scope']]],
    [{ name: 'n', scope: 'constructor' }, [['invalid_field', 'scope']]],
    [{ name: 'n', scope: 'any' }, [['invalid_field', 'scope']]],
    [{ name: 'n', scope: 'integrations' }, [['missing_required_field', '_integrationIds']]],
    [{ name: 'n', scope: 'integrations', _integrationIds: [] }, [['invalid_field', '_integrationIds']]],
    [{ name: 'n', scope: 'integrations', _integrationIds: '*' }, [['invalid_field', '_integrationIds']]],
    [{ name: 'n', scope: 'integrations', _integrationIds: ['*'] }, [['invalid_field', '_integrationIds.0']]],
    [{ name: 'n', scope: 'integrations', _integrationIds: ['a'.repeat(24)] }, [['invalid_ref', '_integrationIds.0']]],
    [{ name: 'n', scope: 'read', _integrationIds: ['a'.repeat(24)] }, [['invalid_field', '_integrationIds']]],
    [{ name: 'n', scope: 'read', autoPurgeAt: '2020-01-01' }, [['invalid_field', 'autoPurgeAt']]],
    [{ name: 'n', scope: 'read', autoPurgeAt: 'tomorrow' }, [['invalid_field', 'autoPurgeAt']]],
    [{ name: 'n', scope: 'read', autoPurgeAt: '2100-02-30' }, [['invalid_field', 'autoPurgeAt']]],
    [{ name: 'n', scope: 'read', autoPurgeAt: 4_102_444_800_000 }, [['invalid_field', 'autoPurgeAt']]],
    [{ name: 'n', scope: 'read', autoPurgeAt: null }, [['invalid_field', 'autoPurgeAt']]],
    [{ name: 'n', scope: 'read', autopurgeat: '2100-01-01' }, [['invalid_field', 'autopurgeat']]],
    [{ name: 'n', scope: 'read', token: 'bh_mine' }, [['invalid_field', 'token']]],
    [{ name: 'n', scope: 'read', hash: 'a' }, [['invalid_field', 'hash']]],
  ])('%j is refused', async (body, errors) => {
    const { client } = shared();
    const { _id } = await made({ scope: 'read' });
    for (const [method, path] of [
      ['POST', '/accesstokens'],
      ['PUT', `/accesstokens/${_id}`],
    ] as const) {
      const reply = await client(method, path, body);
      expect([reply.status, errorsOf(reply)], method).toEqual([422, errors]);
    }
  });

  test.each(['{"name":"n","scope":"read","__proto__":{"scope":"full"}}', '{"__proto__":{"name":"n","scope":"full"}}'])(
    'a prototype gives nothing: %s',
    async (body) => {
      expect((await shared().client('POST', '/accesstokens', body)).status).toBe(422);
    },
  );

  test('a thousand tokens: the list has pages, and the first is still known', { timeout: 120_000 }, async () => {
    const { client, runtime } = shared();
    const first = await made({ scope: 'read', name: 'first' });
    const before = (await client('GET', '/accesstokens')).body.length;
    for (let at = 0; at < 1_000; at += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, n) => made({ scope: 'read', name: `t${at + n}` })));
    }
    const names: string[] = [];
    for (let path: string | undefined = '/accesstokens?limit=300'; path !== undefined; ) {
      const { body, headers }: Awaited<ReturnType<Client>> = await client('GET', path);
      names.push(...body.map(({ name }: { name: string }) => name));
      path = /<([^>]*)>/.exec(headers.get('link') ?? '')?.[1]?.replace(runtime.url, '');
    }
    expect(names).toHaveLength(before + 1_000);
    expect(new Set(names.slice(before)).size).toBe(1_000);
    expect((await first.client('GET', '/tokenInfo')).body.name).toBe('first');
  });
});

describe('limits', () => {
  test('a token of integrations reaches its own alone, and cannot tell whether others exist', async () => {
    const { client } = shared();
    const [own, other] = [await diy('own'), await diy('other')];
    const { body: record } = await client('POST', '/exports', { name: 'e', _integrationId: other });
    const { body: mine } = await client('POST', '/exports', { name: 'e', _integrationId: own });
    const { client: as } = await made({ scope: 'integrations', _integrationIds: [own] });
    const nowhere = 'f'.repeat(24);
    const same = async (method: string, pathOf: (id: string) => string, bodyOf: (id: string) => object | undefined) => {
      const [real, none] = [
        await as(method, pathOf(other), bodyOf(other)),
        await as(method, pathOf(nowhere), bodyOf(nowhere)),
      ];
      expect([real.status, real.text.replaceAll(other, nowhere)]).toEqual([none.status, none.text]);
      return real.status;
    };
    expect(
      await same(
        'GET',
        (id) => `/integrations/${id}`,
        () => undefined,
      ),
    ).toBe(403);
    expect(
      await same(
        'POST',
        () => '/exports',
        (_integrationId) => ({ name: 'n', _integrationId }),
      ),
    ).toBe(403);
    expect(
      await same(
        'HEAD',
        (id) => `/events?_integrationId=${id}`,
        () => undefined,
      ),
    ).toBe(403);
    expect(
      await same(
        'GET',
        (id) => `/exports?_integrationId=${id}`,
        () => undefined,
      ),
    ).toBe(200);
    const [real, none] = [await as('GET', `/exports/${record._id}`), await as('GET', `/exports/${nowhere}`)];
    expect([real.status, real.text]).toEqual([404, none.text]);
    for (const path of ['/exports', `/exports?_integrationId=${own}`]) {
      expect((await as('GET', path)).body.map(({ _id }: Made) => _id)).toEqual([mine._id]);
    }
    expect((await as('GET', `/exports?_integrationId=${other}`)).body).toEqual([]);
    expect((await as('GET', '/integrations')).body.map(({ name }: { name: string }) => name)).toEqual(['own']);
    // A record cannot be moved to another integration.
    await as('PUT', `/exports/${mine._id}`, { ...mine, _integrationId: other });
    expect((await client('GET', `/exports/${mine._id}`)).body._integrationId).toBe(own);
    expect((await as('PUT', `/integrations/${own}`, { name: 'changed' })).status).toBe(200);
  });

  test('lists of several integrations have pages, oldest first', async () => {
    const { client, runtime } = shared();
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) ids.push(await diy(name));
    for (const name of ['1', '2'])
      for (const _integrationId of ids) await client('POST', '/flows', { name, _integrationId });
    const { client: as } = await made({ scope: 'integrations', _integrationIds: [ids[3], ids[0], ids[2]] });
    const namesIn = async (path: string): Promise<string[]> => {
      const names: string[] = [];
      for (let next: string | undefined = path; next !== undefined; ) {
        const { body, headers }: Awaited<ReturnType<Client>> = await as('GET', next);
        names.push(
          ...body.map(
            ({ name, _integrationId }: { name: string; _integrationId?: string }) =>
              `${name}${ids.indexOf(_integrationId ?? '')}`,
          ),
        );
        next = /<([^>]*)>/.exec(headers.get('link') ?? '')?.[1]?.replace(runtime.url, '');
      }
      return names;
    };
    expect(await namesIn('/integrations?limit=2')).toEqual(['a-1', 'c-1', 'd-1']);
    expect(await namesIn('/flows?limit=4')).toEqual(['10', '12', '13', '20', '22', '23']);
    expect((await namesIn('/tiles?limit=1')).length).toBe(3);
  });

  test('what is gone stays named, is not found, and cannot be named anew', async () => {
    const { client } = shared();
    const [gone, stays] = [await diy('gone'), await diy('stays')];
    const { _id, client: as } = await made({ scope: 'integrations', _integrationIds: [gone, stays] });
    await client('DELETE', `/integrations/${gone}`);
    expect((await as('GET', `/integrations/${gone}`)).status).toBe(404);
    expect((await as('GET', '/integrations')).body).toHaveLength(1);
    expect(errorsOf(await as('POST', '/flows', { name: 'n', _integrationId: gone }))[0]?.[0]).toMatch(
      /not_found|invalid_ref/,
    );
    const { body } = await client('GET', `/accesstokens/${_id}`);
    expect((await client('PUT', `/accesstokens/${_id}`, { ...body, name: 'other' })).status).toBe(200);
    await expect(made({ scope: 'integrations', _integrationIds: [gone] })).rejects.toThrow('422');
  });

  test('a connector is shown to a token whose integration has it, with its integrations alone', async () => {
    const { client } = shared();
    const [own, other] = [await installed(client, 'a'), await installed(client, 'a')];
    const id = await connectorIdOf(client, 'a');
    const { client: as } = await made({ scope: 'integrations', _integrationIds: [own] });
    expect((await as('GET', '/connectors')).body.map(({ _id }: Made) => _id)).toEqual([id]);
    const rows = (await as('GET', `/connectors/${id}/installBase`)).body;
    expect(rows.map(({ _integrationId }: { _integrationId: string }) => _integrationId)).toEqual([own]);
    const { client: without } = await made({ scope: 'integrations', _integrationIds: [await diy()] });
    expect((await without('GET', '/connectors')).body).toEqual([]);
    expect((await without('GET', `/connectors/${id}`)).status).toBe(404);
    expect(other).not.toBe(own);
  });

  test('a token that expires gives no longer life, neither to others nor to itself', async () => {
    const own = await made({ scope: 'full', autoPurgeAt: later(DAY_MS) });
    const refused = async (method: string, path: string, more: object) =>
      errorsOf(await own.client(method, path, { name: 'n', scope: 'read', ...more }));
    expect(await refused('POST', '/accesstokens', {})).toEqual([['access_restricted']]);
    expect(await refused('POST', '/accesstokens', { autoPurgeAt: later(2 * DAY_MS) })).toEqual([['access_restricted']]);
    expect(await refused('PUT', `/accesstokens/${own._id}`, { scope: 'full' })).toEqual([['access_restricted']]);
    expect((await made({ scope: 'read', autoPurgeAt: later(DAY_MS / 2) }, own.client)).token).toMatch(/^bh_/);
  });

  test('a run uses no token but its own, and that one not for tokens', async () => {
    const { client } = shared();
    const id = await installed(client, 'a');
    const { token } = await made({ scope: 'full' });
    const ask = async (body: object) => (await client('PUT', `/integrations/${id}/settings/ask`, body)).body.status;
    const body = { name: 'n', scope: 'full' };
    expect(await ask({ method: 'POST', path: '/v1/accesstokens', body })).toBe(403);
    expect(await ask({ method: 'GET', path: '/v1/accesstokens' })).toBe(403);
    expect(await ask({ method: 'GET', path: '/v1/audit' })).toBe(403);
    expect(await ask({ method: 'GET', path: '/v1/integrations', token })).toBe(403);
    expect(await ask({ method: 'GET', path: '/v1/integrations' })).toBe(200);
  });

  test('the idempotency key of a token is its own', async () => {
    const { client } = shared();
    const id = await diy();
    const [one, two] = [
      await made({ scope: 'integrations', _integrationIds: [id] }),
      await made({ scope: 'integrations', _integrationIds: [id] }),
    ];
    const flow = { name: 'n', _integrationId: id };
    const post = (as: Client) => as('POST', '/flows', flow, { 'idempotency-key': 'the-same' });
    const replies = [await post(client), await post(one.client), await post(two.client)];
    expect(new Set(replies.map(({ body }) => body._id)).size).toBe(3);
    const again = await post(one.client);
    expect([again.body._id, again.headers.get('idempotent-replayed')]).toEqual([replies[1]?.body._id, 'true']);
    // The reply with a token is not kept.
    const twice = await Promise.all(
      [1, 2].map(() => client('POST', '/accesstokens', { name: 'n', scope: 'read' }, { 'idempotency-key': 'k' })),
    );
    expect(new Set(twice.map(({ body }) => body.token)).size).toBe(2);
  });
});

describe('an end', () => {
  test('revoked or expired, a token is refused at once', async () => {
    const { client } = shared();
    const { _id, client: as } = await made({ scope: 'read' });
    const { body } = await client('GET', `/accesstokens/${_id}`);
    expect((await client('PUT', `/accesstokens/${_id}`, { ...body, revoked: true })).body.revoked).toBe(true);
    expect((await as('GET', '/tokenInfo')).status).toBe(401);
    await client('PUT', `/accesstokens/${_id}`, { ...body, revoked: false });
    expect((await as('GET', '/tokenInfo')).status).toBe(200);

    const expiring = await made({ scope: 'read', autoPurgeAt: later(1_500) });
    expect((await expiring.client('GET', '/tokenInfo')).status).toBe(200);
    await vi.waitFor(async () => expect((await expiring.client('GET', '/tokenInfo')).status).toBe(401), within);
    expect((await client('GET', `/accesstokens/${expiring._id}`)).status).toBe(404);
  });

  test.each<[string, (made: Made) => Promise<unknown>]>([
    ['revoked', ({ _id }) => shared().client('DELETE', `/accesstokens/${_id}`)],
    ['limited', ({ _id }) => shared().client('PUT', `/accesstokens/${_id}`, { name: 'n', scope: 'stack' })],
  ])('the events of a token that is %s end, without what happens after', async (_how, end) => {
    const { runtime } = shared();
    const token = await made({ scope: 'read' });
    const events = await openEvents(runtime.url, token.token);
    const lasting = await openEvents(runtime.url, (await made({ scope: 'read' })).token);
    await diy('before');
    await vi.waitFor(() => expect(namesOf(events)).toEqual(['integration.changed']), within);
    await end(token);
    await diy('after');
    await events.ended;
    expect(events.all.map(({ data }) => data.name)).toEqual(['before']);
    await vi.waitFor(() => expect(lasting.all.map(({ data }) => data.name)).toEqual(['before', 'after']), within);
  });

  test('the events of a token that expires end, though nothing happens', async () => {
    const { token } = await made({ scope: 'read', autoPurgeAt: later(1_500) });
    const events = await openEvents(shared().runtime.url, token);
    await events.ended;
    expect(events.response.status).toBe(200);
  });

  test('events are those of the token’s integrations', async () => {
    const { client, runtime } = shared();
    const [own, other] = [await diy(), await diy()];
    const { token } = await made({ scope: 'integrations', _integrationIds: [own] });
    const events = await openEvents(runtime.url, token);
    for (const id of [other, own]) await client('PUT', `/integrations/${id}`, { name: id });
    await vi.waitFor(() => expect(events.all.map(({ data }) => data.name)).toEqual([own]), within);
  });
});

test('a token is in nothing that is stored, logged, sent or backed up; only its hash is', async () => {
  let log = '';
  const stream = new Writable({
    write(piece, _encoding, done) {
      log += piece;
      done();
    },
  });
  const served: Served = await serve({ a: { code: CODE } }, { logger: pino({ level: 'trace' }, stream) });
  const { client, runtime, data } = served;
  const events = await openEvents(runtime.url, TOKEN);
  const { body } = await client('POST', '/accesstokens', { name: 'n', scope: 'full' }, { 'idempotency-key': 'k' });
  const as = createClient(runtime.url, body.token);
  const id = await installed(as, 'a');
  await as('PUT', `/integrations/${id}/settings/own`, {});
  await as('PUT', `/integrations/${id}/settings/nope`, {});
  await as('POST', '/accesstokens', { name: body.token.slice(0, 3), scope: ['x'] });
  const seen = [
    ...[
      '/accesstokens',
      `/accesstokens/${body._id}`,
      '/audit',
      '/tokenInfo',
      '/metrics',
      `/integrations/${id}/runs`,
    ].map(async (path) => (await as('GET', path)).text),
  ];
  const backup = await fetch(`${runtime.url}/v1/backup`, { headers: { authorization: `Bearer ${body.token}` } });
  const backedUp = gunzipSync(Buffer.from(await backup.arrayBuffer())).toString();
  const texts = [...(await Promise.all(seen)), backedUp, JSON.stringify(events.all), log, ...(await storedTexts(data))];
  for (const text of texts) expect(text).not.toContain(body.token.slice(3));
  const digest = hash('sha256', body.token as string);
  expect(texts.filter((text) => text.includes(digest)).length).toBeGreaterThan(0);
  for (const text of texts.slice(0, 9)) expect(text).not.toContain(digest);
});

test.skipIf(isOnPostgres)('tokens and the audit log outlive the process', async () => {
  const { client, runtime, data, connectors } = await serve();
  const { body } = await client('POST', '/accesstokens', { name: 'n', scope: 'read' });
  const before = (await client('GET', '/audit')).body;
  await runtime.close({ drainMs: 0 });
  const again = await serve({}, { data, connectors });
  expect((await createClient(again.runtime.url, body.token)('GET', '/integrations')).status).toBe(200);
  expect((await again.client('GET', '/audit')).body).toEqual(before);
});

test('guessing at tokens is limited, and asks the store for nothing that cannot be one', async () => {
  const { client, runtime } = await serve({}, { badTokensPerMinute: 5 });
  const { body } = await client('POST', '/accesstokens', { name: 'n', scope: 'read' });
  const statuses: number[] = [];
  for (let n = 0; n < 7; n++) {
    const guess = `bh_${String(n).padStart(43, 'a')}`;
    statuses.push((await createClient(runtime.url, guess)('GET', '/integrations')).status);
  }
  // The administrator has used this address before.
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  expect((await createClient(runtime.url, body.token)('GET', '/integrations')).status).toBe(200);
});
