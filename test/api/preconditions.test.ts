/** Conditional requests (RFC 9110, 13): strong and weak comparison, `*`, empty conditions, the state, calls. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type Client, errorsOf, type Reply } from '../support/client.ts';
import { installed, serveForAll } from '../support/runtime.ts';

const CODE = `
exports.settings = {
  rename: ({ _integrationId, name }) => fetch('/integrations/' + _integrationId, { method: 'PUT', body: JSON.stringify({ name }) }).then(() => name),
  async swap({ _integrationId }) {
    const url = '/integrations/' + _integrationId + '/state/k';
    const ask = async (method, headers, body) => {
      const { status, headers: theirs } = await fetch(url, { method, headers, body });
      return [status, theirs.get('etag')];
    };
    const [, none] = await ask('PUT', { 'if-none-match': '*' }, '1');
    const [, one] = await ask('GET', {});
    return {
      same: none === one,
      again: (await ask('PUT', { 'if-none-match': '*' }, '2'))[0],
      matching: (await ask('PUT', { 'if-match': one }, '2'))[0],
      stale: (await ask('PUT', { 'if-match': one }, '3'))[0],
    };
  },
};
exports.utilities = { echo: () => 'called' };`;
const FORM = { general: { fields: [{ name: 'a', type: 'text' }] } };
const served = serveForAll({ one: { code: CODE, connector: { settings: FORM } } });
let client: Client;
let id: string;
beforeEach(async () => {
  client = served().client;
  id = await installed(client, 'one');
});
const etagOf = ({ headers }: Reply): string => headers.get('etag') as string;

interface Place {
  readonly path: string;
  readonly body: unknown;
  readonly etag: string;
}
const places: [string, () => Promise<Place>][] = [
  [
    'a record',
    async () => {
      const body = { _integrationId: id, name: 'e' };
      const made = await client('POST', '/exports', body);
      return { path: `/exports/${made.body._id}`, body, etag: etagOf(made) };
    },
  ],
  [
    'an integration',
    async () => {
      const read = await client('GET', `/integrations/${id}`);
      return { path: `/integrations/${id}`, body: { name: 'renamed' }, etag: etagOf(read) };
    },
  ],
  [
    'a value of the state',
    async () => {
      const path = `/integrations/${id}/state/k`;
      return { path, body: { a: 1 }, etag: etagOf(await client('PUT', path, { a: 0 })) };
    },
  ],
];

describe.each(places)('%s', (_what, make) => {
  test.each<[string, (etag: string) => Record<string, string>, number]>([
    ['If-Match with its tag', (etag) => ({ 'if-match': etag }), 200],
    ['If-Match with its tag among others', (etag) => ({ 'if-match': `"x" ,${etag}, W/"y"` }), 200],
    ['If-Match: *', () => ({ 'if-match': '*' }), 200],
    ['If-Match with another tag', () => ({ 'if-match': '"x"' }), 412],
    ['If-Match with its tag as a weak one', (etag) => ({ 'if-match': `W/${etag}` }), 412],
    ['If-Match with its tag without quotes', (etag) => ({ 'if-match': etag.replaceAll('"', '') }), 412],
    ['If-None-Match with another tag', () => ({ 'if-none-match': '"x"' }), 200],
    ['If-None-Match: *', () => ({ 'if-none-match': '*' }), 412],
    ['If-None-Match with its tag', (etag) => ({ 'if-none-match': etag }), 412],
    ['If-None-Match with its tag as a weak one', (etag) => ({ 'if-none-match': `W/${etag}` }), 412],
    ['both, of which one fails', (etag) => ({ 'if-match': etag, 'if-none-match': '*' }), 412],
    ['an empty If-Match', () => ({ 'if-match': '' }), 400],
    ['an empty If-None-Match', () => ({ 'if-none-match': '' }), 400],
    ['an If-Match of nothing', () => ({ 'if-match': ' , ' }), 400],
    ['* in a list', (etag) => ({ 'if-match': `*, ${etag}` }), 400],
  ])('PUT with %s', async (_condition, headersFor, status) => {
    const { path, body, etag } = await make();
    const reply = await client('PUT', path, body, headersFor(etag));
    expect([reply.status, ...(reply.body?.errors ? errorsOf(reply) : [])]).toEqual([
      status,
      ...(status === 412 ? [['precondition_failed']] : status === 400 ? [['bad_request']] : []),
    ]);
    const now = etagOf(await client('GET', path));
    if (status === 200) expect([now, etagOf(reply)]).toEqual([etagOf(reply), expect.not.stringContaining(etag)]);
    else expect(now).toBe(etag);
  });

  test('GET compares weakly, and an empty condition is refused', async () => {
    const { path, etag } = await make();
    for (const tags of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const reply = await client('GET', path, undefined, { 'if-none-match': tags });
      expect([reply.status, reply.text, etagOf(reply)], tags).toEqual([304, '', etag]);
    }
    expect((await client('GET', path, undefined, { 'if-none-match': '"x"' })).status).toBe(200);
    expect((await client('GET', path, undefined, { 'if-none-match': '' })).status).toBe(400);
  });

  test('DELETE is conditional as well', async () => {
    const { path, etag } = await make();
    const remove = (headers: Record<string, string>) => client('DELETE', `${path}?force=true`, undefined, headers);
    expect((await remove({ 'if-match': `W/${etag}` })).status).toBe(412);
    expect((await remove({ 'if-none-match': etag })).status).toBe(412);
    expect((await remove({ 'if-match': etag })).status).toBeLessThan(300);
    expect((await client('GET', path)).status).toBe(404);
  });
});

test('PATCH is conditional as well', async () => {
  const { body, headers } = await client('POST', '/flows', { _integrationId: id, name: 'f' });
  const patch = (given: Record<string, string>) =>
    client('PATCH', `/flows/${body._id}`, [{ op: 'replace', path: '/name', value: 'g' }], given);
  expect((await patch({ 'if-match': `W/${headers.get('etag')}` })).status).toBe(412);
  expect((await patch({ 'if-none-match': '*' })).status).toBe(412);
  expect((await patch({ 'if-match': headers.get('etag') as string })).status).toBe(204);
});

describe('the state', () => {
  const path = (): string => `/integrations/${id}/state/k`;
  const put = (value: unknown, headers: Record<string, string> = {}) => client('PUT', path(), value, headers);

  test('If-None-Match: * creates a key once, however many try', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => put(i, { 'if-none-match': '*' })));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 412)).toHaveLength(19);
  });

  test('If-Match creates none', async () => {
    for (const tags of ['*', '"x"']) expect((await put(1, { 'if-match': tags })).status).toBe(412);
    expect((await client('GET', path())).status).toBe(404);
  });

  test('of concurrent changes of one value, one wins', async () => {
    const etag = etagOf(await put(0));
    const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => put(i + 1, { 'if-match': etag })));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('tags differ after each write and after a deletion', async () => {
    const tags = [etagOf(await put(1)), etagOf(await put(2)), etagOf(await put(1))];
    await client('DELETE', path());
    tags.push(etagOf(await put(1)));
    await client('PUT', `/integrations/${id}/state/other`, 1);
    expect(new Set(tags).size).toBe(4);
    expect(etagOf(await client('GET', path()))).toBe(tags[3]);
  });

  test("a run's conditions are checked in its unit of work", async () => {
    const { body } = await client('PUT', `/integrations/${id}/settings/swap`);
    expect(body).toEqual({ same: true, again: 412, matching: 200, stale: 412 });
    expect((await client('GET', path())).body).toBe(2);
  });
});

describe('a call', () => {
  const call = (name: string, headers: Record<string, string>, body: object = {}, section = 'settings') =>
    client('PUT', `/integrations/${id}/${section}/${name}`, body, headers);
  const read = () => client('GET', `/integrations/${id}`);

  test("runs with its integration's present tag, not with a stale one", async () => {
    const etag = etagOf(await read());
    expect((await call('rename', { 'if-match': etag }, { name: 'a' })).body).toBe('a');
    const stale = await call('rename', { 'if-match': etag }, { name: 'b' });
    expect([stale.status, errorsOf(stale), stale.headers.get('bulkhead-run-id')]).toEqual([
      412,
      [['precondition_failed']],
      null,
    ]);
    expect((await read()).body.name).toBe('a');
  });

  test('to the runtime’s own persistSettings too, also among concurrent ones', async () => {
    const save = (headers: Record<string, string>, a: string) => call('persistSettings', headers, { pending: { a } });
    // The second finds that the connector has no such function by what the first has shown.
    for (const value of ['1', '2']) {
      const etag = etagOf(await read());
      expect((await save({ 'if-match': etag }, value)).status).toBe(200);
      expect((await save({ 'if-match': etag }, 'x')).status).toBe(412);
    }
    const etag = etagOf(await read());
    const replies = await Promise.all(Array.from({ length: 10 }, (_, i) => save({ 'if-match': etag }, `n${i}`)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)]);
  });

  test('of another section, and an async one', async () => {
    const etag = etagOf(await read());
    expect((await call('echo', { 'if-match': '"x"' }, {}, 'utilities')).status).toBe(412);
    expect((await call('echo', { 'if-match': etag }, {}, 'utilities')).body).toBe('called');
    expect((await call('echo', { 'if-match': '"x"', prefer: 'respond-async' }, {}, 'utilities')).status).toBe(412);
    expect((await call('echo', { 'if-match': '' }, {}, 'utilities')).status).toBe(400);
  });
});
