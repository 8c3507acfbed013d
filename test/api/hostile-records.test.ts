/** Records, state and lists under odd and hostile requests, from outside and from runs. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, errorsOf, type Reply } from '../support/client.ts';
import { installed, serveForAll } from '../support/runtime.ts';

const WORKER = `exports.utilities = {
  async ask({ requests, at }) {
    const replies = [];
    for (const { method = 'GET', path, body, text, headers } of requests) {
      const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
      const response = await fetch(path, { method, headers, ...(sent === undefined ? {} : { body: sent }) });
      const reply = await response.text();
      replies.push({ status: response.status, etag: response.headers.get('etag'), body: /^[[{]/.test(reply) ? JSON.parse(reply) : reply });
    }
    return replies;
  },
  async reset({ _integrationId }) {
    const install = [{ name: 'step', installerFunction: 'leave', completed: false }, { name: 'other' }];
    await fetch('/v1/integrations/' + _integrationId, { method: 'PUT', body: JSON.stringify({ install, mode: 'install' }) });
  },
  async raw({ request }) {
    return (await fetch(request.url, request)).status;
  },
  async fill({ chars, count, kind }) {
    const refused = [];
    for (let i = 0; i < count; i++) {
      const text = String(i).padEnd(chars, 'x');
      const [method, path, body] = kind === 'state' ? ['PUT', '/v1/integrations/' + this.id + '/state/k' + i, text] : ['POST', '/v1/' + kind, { name: 'n', text }];
      const response = await fetch(path, { method, body: JSON.stringify(body) });
      if (!response.ok) refused.push([response.status, (await response.json()).errors[0].code]);
    }
    return refused;
  },
};
exports.installer = {
  leave({ _integrationId }) {
    for (let i = 0; i < 5; i++) fetch('/v1/integrations/' + _integrationId + '/state/k' + i, { method: 'PUT', body: '1' });
    return { success: true };
  },
};`;

/** An outside server that answers a run when the test says so. */
const gate = {
  url: '',
  asked: undefined as undefined | ((release: () => void) => void),
  nextAsked: (): Promise<() => void> =>
    new Promise((resolve) => {
      gate.asked = resolve;
    }),
};
const gateServer = createServer((_request, response) => gate.asked?.(() => response.end()));
beforeAll(async () => {
  await new Promise<void>((resolve) => gateServer.listen(0, '127.0.0.1', resolve));
  gate.url = `http://127.0.0.1:${(gateServer.address() as AddressInfo).port}`;
});
afterAll(() => void gateServer.close());

const bundles = () => {
  const connector = { permissions: { fetch: [gate.url] } };
  const step = { name: 'step', installerFunction: 'leave' };
  const stepwise = { ...connector, transactional: false, install: [step, { name: 'other' }] };
  return { worker: { code: WORKER, connector }, stepwise: { code: WORKER, connector: stepwise } };
};
const served = serveForAll(bundles, { allowPrivateNetwork: '127.0.0.1' });
let client: Client;
let integrationId: string;
beforeEach(async () => {
  client = served().client;
  integrationId = await installed(client, 'worker');
});

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Record<string, string>;
}
const ask = async (requests: readonly Asked[], id = integrationId) => {
  const reply = await client('PUT', `/integrations/${id}/utilities/ask`, { requests });
  expect(reply.status, reply.text).toBe(200);
  return reply.body as {
    status: number;
    etag: string | null;
    body: Record<string, unknown> & { errors: { code: string }[] };
  }[];
};
const made = async (kind: string, body: object = {}): Promise<string> => {
  const reply = await client('POST', `/${kind}`, { name: 'n', _integrationId: integrationId, ...body });
  expect(reply.status, reply.text).toBe(201);
  return reply.body._id;
};

describe('a run with odd paths reaches only its own integration', () => {
  test.each([
    '/v1/integrations/OTHER',
    '/v1//integrations/OTHER',
    '//integrations/OTHER',
    '/v1/v1/integrations/OTHER',
    '/V1/integrations/OTHER',
    '/v1/Integrations/OTHER',
    '/v1/integrations/OTHER/',
    '/v1/integrations//OTHER',
    '/v1/integrations/OWN/../OTHER',
    '/v1/integrations/OWN/%2e%2e/OTHER',
    '/v1/integrations/OWN%2F..%2FOTHER',
    '/v1/integrations/OWN%2f%2e%2e%2fOTHER/state/key',
    '/v1/integrations/%4f%54%48%45%52',
    '/v1/integrations/OTHER%00',
    '/v1/integrations/OTHER?x=OWN',
    '/v1/integrations/OTHER#OWN',
    '/v1/integrations/OTHER;OWN',
    '/v1/integrations/OWN\\..\\OTHER',
    '/v1/integrations/OTHER/state/key',
    '/v1/./integrations/OTHER/dependencies',
    'https://api.integrator.io/v1/integrations/OTHER',
    'HTTPS://API.INTEGRATOR.IO:443/v1/integrations/OTHER',
    'v1/integrations/OTHER',
    '/v1/connections/RECORD',
    '/v1/connections/RECORD/ping',
    '/v1/exports/RECORD',
  ])('%s', async (template) => {
    const other = await installed(client, 'worker');
    await client('PUT', `/integrations/${other}/state/key`, { secret: 'theirs' });
    const record = await made('connections', { _integrationId: other, name: 'theirs' });
    const path = template.replaceAll('OTHER', other).replaceAll('OWN', integrationId).replaceAll('RECORD', record);
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const reply = await client('PUT', `/integrations/${integrationId}/utilities/ask`, {
        requests: [
          { method, path, ...(method === 'GET' ? {} : { body: method === 'PATCH' ? [] : { name: 'taken' } }) },
        ],
      });
      // Refused by us, or no address of ours at all.
      if (reply.status === 200) expect([400, 403, 404, 405], `${method} ${path}`).toContain(reply.body[0].status);
      else expect(errorsOf(reply)[0]?.[0]).toMatch(/permission_denied|TypeError|invalid_request/);
      expect(reply.text).not.toContain('theirs');
    }
    expect((await client('GET', `/integrations/${other}/state/key`)).body).toEqual({ secret: 'theirs' });
    expect((await client('GET', `/connections/${record}`)).body.name).toBe('theirs');
  });

  test("control: its own integration, by the usual path and the original platform's", async () => {
    for (const path of [
      `/v1/integrations/${integrationId}`,
      `/integrations/${integrationId}`,
      `https://api.integrator.io/v1/integrations/${integrationId}`,
    ]) {
      expect((await ask([{ path }]))[0]?.status, path).toBe(200);
    }
  });

  test('headers that a run may not set have no effect', async () => {
    for (const headers of [
      { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
      { 'content-length': '5' },
      { 'transfer-encoding': 'chunked' },
      { 'x-http-method-override': 'DELETE' },
      { __proto__: null, authorization: 'Bearer nobody' },
    ] as Record<string, string>[]) {
      const request = {
        url: `/v1/integrations/${integrationId}`,
        method: 'PUT',
        headers,
        body: '{"description":"of a run"}',
      };
      const { body: status } = await client('PUT', `/integrations/${integrationId}/utilities/raw`, { request });
      expect([200, 400, 403], JSON.stringify(headers)).toContain(status);
      expect((await client('GET', `/integrations/${integrationId}`)).status).toBe(200);
    }
  });
});

describe('unusual texts', () => {
  const name = 'Größe 🚀 \u2028 \ud800 \u0000 ‮';

  test('come back unchanged in names, keys and values, from outside and from a run', async () => {
    const record = { name, 'ключ 🚀': { '\udfff': ['e\u0301', 'é', ''] }, '': 1, ' ': 2 };
    const id = await made('exports', record);
    expect((await client('GET', `/exports/${id}`)).body).toMatchObject(record);
    const [created] = await ask([{ method: 'POST', path: '/v1/exports', body: record }]);
    expect(created?.body).toMatchObject(record);
    expect((await client('GET', `/exports/${created?.body._id}`)).body).toMatchObject(record);
    const secret = { http: { auth: { 'clé 🔑': name }, encrypted: { '\ud800': name } } };
    const connection = await made('connections', secret);
    const shown = (await client('GET', `/connections/${connection}`)).body;
    expect(shown.http).toEqual({ auth: { 'clé 🔑': '******' }, encrypted: { '\ud800': '******' } });
    expect((await client('PUT', `/connections/${connection}`, shown)).status).toBe(200);
  });

  test.each([
    ['Windows line endings', (text: string) => text.replaceAll(',', ',\r\n')],
    ['a byte order mark', (text: string) => `\uFEFF${text}`],
    ['both', (text: string) => `\uFEFF\r\n${text}\r\n`],
  ])('a body with %s is JSON', async (_what, written) => {
    const text = written(JSON.stringify({ name: 'n', _integrationId: integrationId, a: 1 }));
    expect((await client('POST', '/exports', text)).body).toMatchObject({ name: 'n', a: 1 });
    const call = written(JSON.stringify({ requests: [], other: 1 }));
    expect((await client('PUT', `/integrations/${integrationId}/utilities/ask`, call)).body).toEqual([]);
  });

  test.each([
    ['a mark in the middle', '{"name":\uFEFF"n"}'],
    ['two marks', '\uFEFF\uFEFF{}'],
    ['a comment', '{"name":"n"} // comment'],
    ['a number that is none', '{"name":"n","a":NaN}'],
    ['a comma too many', '{"name":"n",}'],
    ['nothing but a mark and blanks', '\uFEFF \r\n'],
  ])('%s is refused', async (_what, text) => {
    expect(errorsOf(await client('POST', '/exports', text))).toEqual([['invalid_json']]);
  });

  test('of two equal keys the last counts, for validation and for storage', async () => {
    const text = `{"name":1,"_integrationId":"0","name":"n","_integrationId":"${integrationId}"}`;
    expect((await client('POST', '/exports', text)).body).toMatchObject({ name: 'n' });
  });

  test('a path whose escapes are not UTF-8 is not found', async () => {
    for (const path of ['/exports/%ff', `/integrations/${integrationId}/state/%ED%A0%80`, '/integrations/%']) {
      expect([400, 404], path).toContain((await client('GET', path)).status);
    }
  });
});

describe('entity tags', () => {
  test('differ each time a run rewrites a record', async () => {
    const id = await made('exports');
    const put = (name: string) => ({ method: 'PUT', path: `/v1/exports/${id}`, body: { name } });
    const replies = await ask([put('a'), put('b'), put('c'), { path: `/v1/exports/${id}` }]);
    const tags = replies.map(({ etag }) => etag);
    expect(new Set(tags.slice(0, 3)).size).toBe(3);
    expect(tags[3]).toBe(tags[2]);
    // A tag of the moment before is stale, in the run and afterwards.
    const headers = { 'if-match': String(tags[1]) };
    expect((await client('PUT', `/exports/${id}`, { name: 'x' }, headers)).status).toBe(412);
    expect((await client('PUT', `/exports/${id}`, { name: 'd' }, { 'if-match': String(tags[2]) })).status).toBe(200);
  });

  test('of concurrent writes with the same tag, one wins', async () => {
    const id = await made('exports');
    const { headers } = await client('GET', `/exports/${id}`);
    const etag = headers.get('etag') as string;
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, i) => client('PUT', `/exports/${id}`, { name: `n${i}` }, { 'if-match': etag })),
    );
    const winners = replies.flatMap(({ status }, i) => (status === 200 ? [`n${i}`] : []));
    expect(winners).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 412)).toHaveLength(19);
    expect((await client('GET', `/exports/${id}`)).body.name).toBe(winners[0]);
  });
});

describe('overlapping runs', () => {
  /** A run of these requests that waits before the last one until the test lets it go on. */
  async function paused(id: string, requests: readonly Asked[]): Promise<{ goOn: () => Promise<Reply> }> {
    const asked = gate.nextAsked();
    const last = requests.at(-1) as Asked;
    const all = [...requests.slice(0, -1), { path: gate.url }, last];
    const running = client('PUT', `/integrations/${id}/utilities/ask`, { requests: all });
    const release = await asked;
    return {
      goOn() {
        release();
        return running;
      },
    };
  }

  test('a state key that was deleted and recreated is not the one the run saw', async () => {
    const id = await installed(client, 'worker');
    const path = `/integrations/${id}/state/key`;
    const write: Asked[] = [{ path: `/v1${path}` }, { method: 'PUT', path: `/v1${path}`, body: { by: 'run' } }];
    await client('PUT', path, { by: 'first' });
    const { goOn } = await paused(id, write);
    await client('DELETE', path);
    await client('PUT', path, { by: 'second' });
    expect(errorsOf(await goOn())).toEqual([['conflict']]);
    expect((await client('GET', path)).body).toEqual({ by: 'second' });
    // The control: nobody in between.
    expect((await (await paused(id, write)).goOn()).status).toBe(200);
    expect((await client('GET', path)).body).toEqual({ by: 'run' });
  });

  test.each([
    ['worker', 'what there was when it began', 0],
    ['stepwise', 'what others have stored since', 1],
  ] as const)('a run of %s sees %s', async (name, _what, count) => {
    const id = await installed(client, name);
    const { goOn } = await paused(id, [{ path: '/v1/exports' }, { path: '/v1/exports' }]);
    await client('POST', '/exports', { name: 'of a user', _integrationId: id });
    const [before, , after] = (await goOn()).body;
    expect([before.body.length, after.body.length]).toEqual([0, count]);
  });

  test("a request open when its run ends does not lose what the run's end stores", async () => {
    const id = await installed(client, 'stepwise', {});
    for (let i = 0; i < 20; i++) {
      await client('PUT', `/integrations/${id}/installer/leave`);
      const { body } = await client('GET', `/integrations/${id}`);
      expect(body.install[0].completed, `attempt ${i}`).toBe(true);
      await client('PUT', `/integrations/${id}/utilities/reset`);
    }
  });

  test('removing an integration during a run removes the run’s records too', async () => {
    const id = await installed(client, 'worker');
    const { goOn } = await paused(id, [
      { method: 'POST', path: '/v1/connections', body: { name: 'c' } },
      { method: 'PUT', path: `/v1/integrations/${id}/state/k`, body: 1 },
    ]);
    expect((await client('DELETE', `/integrations/${id}/install`)).status).toBe(200);
    expect(errorsOf(await goOn())).toEqual([['conflict']]);
    expect((await client('GET', `/integrations/${id}`)).status).toBe(404);
    expect((await client('GET', `/connections?_integrationId=${id}`)).body).toEqual([]);
  });
});

test('a record that refers only to itself can be deleted; one in a cycle once the cycle is broken', async () => {
  const self = await made('connections');
  expect((await client('PUT', `/connections/${self}`, { name: 'n', _connectionId: self })).status).toBe(200);
  expect((await client('DELETE', `/connections/${self}`)).status).toBe(204);
  const one = await made('connections');
  const two = await made('connections', { _connectionId: one });
  expect((await client('PUT', `/connections/${one}`, { name: 'n', _connectionId: two })).status).toBe(200);
  expect(errorsOf(await client('DELETE', `/connections/${one}`))).toEqual([['has_dependencies']]);
  await client('PUT', `/connections/${one}`, { name: 'n' });
  for (const id of [two, one]) expect((await client('DELETE', `/connections/${id}`)).status).toBe(204);
});

describe('limits', () => {
  test('an integration holds at most 32 MiB: more is refused, and nothing else is lost', {
    timeout: 120_000,
  }, async () => {
    const id = await installed(client, 'worker');
    const fill = async (count: number) =>
      (await client('PUT', `/integrations/${id}/utilities/fill`, { chars: 1_000_000, count, kind: 'exports' })).body;
    // In one run.
    expect(await fill(36)).toEqual(Array(3).fill([422, 'integration_too_large']));
    const kept = async () => (await client('GET', `/integrations/${id}/dependencies`)).body.exports.length;
    expect(await kept()).toBe(33);
    // Over several: the commit is refused, and the run's record says why.
    const reply = await client('PUT', `/integrations/${id}/utilities/fill`, {
      chars: 1_000_000,
      count: 2,
      kind: 'exports',
    });
    expect([reply.status, errorsOf(reply)]).toEqual([422, [['integration_too_large']]]);
    expect(await kept()).toBe(33);
    const { body: runs } = await client('GET', `/integrations/${id}/runs`);
    expect(runs.at(-1)).toMatchObject({ outcome: 'failed', errors: [{ code: 'integration_too_large' }] });
    expect(
      errorsOf(await client('POST', '/exports', { name: 'n', _integrationId: id, text: 'x'.repeat(900_000) })),
    ).toEqual([['integration_too_large']]);
    // A page of it ends before it is too long, and says where the next begins.
    const page = await client('GET', `/exports?_integrationId=${id}`);
    expect(page.text.length).toBeLessThan(18_000_000);
    let next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
    let all = page.body.length;
    while (next) {
      const more = await client('GET', next.slice(served().runtime.url.length));
      all += more.body.length;
      next = /<([^>]+)>; rel="next"/.exec(more.headers.get('link') ?? '')?.[1];
    }
    expect(all).toBe(33);
    // What makes it smaller goes.
    expect((await client('DELETE', `/exports/${page.body[0]._id}`)).status).toBe(204);
    await client('DELETE', `/integrations/${id}/install`);
  });

  test.each([
    ['credentials', { http: { encrypted: Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`k${i}`, 'v'])) } }],
    ['characters of them', { http: { encrypted: { key: 'x'.repeat(70_000) } } }],
  ])('a connection with too many %s is refused', async (_what, body) => {
    const reply = await client('POST', '/connections', { name: 'n', _integrationId: integrationId, ...body });
    expect(errorsOf(reply)).toEqual([['invalid_field', 'http']]);
    const few = { encrypted: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, 'v'])) };
    expect((await client('POST', '/connections', { name: 'n', _integrationId: integrationId, http: few })).status).toBe(
      201,
    );
  });

  test('many fields and many field names block nobody', async () => {
    const body = Object.fromEntries(Array.from({ length: 18_000 }, (_, i) => [`k${i}`, i]));
    const encryptedFields = Array.from({ length: 100 }, (_, i) => `k${i}.a.b`);
    const id = await made('connections', { ...body, encryptedFields });
    const include = Array.from({ length: 1_500 }, (_, i) => `z${i}`).join(',');
    const startedAt = performance.now();
    expect((await client('GET', `/connections/${id}?include=${include},k7`)).body).toEqual({ _id: id, k7: 7 });
    expect((await client('GET', `/connections/${id}?exclude=${include},k7`)).body.k8).toBe(8);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test('names such as __proto__ are ordinary fields in a projection', async () => {
    const text = `{"_integrationId":"${integrationId}","name":"n","__proto__":{"a":1,"b":2},"constructor":{"a":1}}`;
    const { body } = await client('POST', '/exports', text);
    const get = async (query: string) => (await client('GET', `/exports/${body._id}?${query}`)).text;
    expect(await get('include=__proto__.a,constructor')).toBe(
      `{"__proto__":{"a":1},"constructor":{"a":1},"_id":"${body._id}"}`,
    );
    expect(await get('exclude=__proto__.b')).toContain('"__proto__":{"a":1}');
    expect(await get('include=toString,valueOf')).toBe(`{"_id":"${body._id}"}`);
  });
});
