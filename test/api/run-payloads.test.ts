/** Input and answer in the records of runs: when they are stored, where they are shown, and what is masked. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Client, Reply } from '../support/client.ts';
import { openEvents } from '../support/events.ts';
import { temporaryFolder } from '../support/folders.ts';
import { installed, type Served, serve, serveForAll, TOKEN } from '../support/runtime.ts';

const LIMIT = 2_000;
const KEY = 'dR-4711-ganz-geheim';

const CODE = `
const api = (path, body) => fetch('/v1' + path, {
  method: body ? 'POST' : 'GET',
  headers: { 'content-type': 'application/json' },
  body: body && JSON.stringify(body),
});
exports.installer = {
  async connect({ _integrationId, zugang }) {
    await api('/connections', { name: 'c', type: 'http', _integrationId,
      http: { baseURI: 'https://example.com', auth: { type: 'token', token: { token: zugang } } } });
    return { success: true, note: 'stored ' + zugang, encoded: btoa('user:' + zugang) };
  },
};
exports.settings = {
  echo: (options) => options,
  answers: ({ answer }) => answer,
  repeats: ({ text, times }) => text.repeat(times),
  shows: ({ bearerToken }) => ({
    [bearerToken]: 1, note: 'it was ' + bearerToken, list: [[bearerToken]],
    half: bearerToken.split('.')[1], text: JSON.stringify({ deep: JSON.stringify({ bearerToken }) }),
  }),
  fails: ({ why }) => { throw new Error(why); },
  loops: () => { for (;;); },
  async reads({ _integrationId, runId }) {
    return (await api('/integrations/' + _integrationId + '/runs/' + runId)).json();
  },
};
exports.wrappers = { readAll: () => ({ data: [{ customer: 'Ada' }], lastPage: true }) };
exports.utilities = { twice: ({ n }) => n * 2 };
`;

const bundle = {
  code: CODE,
  connector: {
    limits: { cpuMs: 300 },
    install: [
      { name: 'Connect', installerFunction: 'connect' },
      {
        name: 'Sign in',
        installerFunction: 'login',
        form: { fields: [{ name: 'pinnwand', type: 'input', inputType: 'password' }] },
      },
    ],
    settings: { fields: [{ name: 'losung', type: 'input', inputType: 'password', value: 'alte-losung' }] },
  },
};

const shared = serveForAll({ one: bundle }, { runPayloadBytes: LIMIT });
let served: Served;
let client: Client;
let id: string;
beforeEach(async () => {
  served = shared();
  client = served.client;
  id = await installed(client, 'one');
});

const call = (name: string, body: unknown = {}, section = 'settings'): Promise<Reply> =>
  client('PUT', `/integrations/${id}/${section}/${name}`, body);
const idOf = (reply: Reply): string => reply.headers.get('bulkhead-run-id') as string;
const runOf = async (reply: Reply) => (await client('GET', `/integrations/${id}/runs/${idOf(reply)}`)).body;
/** Calls a function, and returns input and answer of its run. */
async function payloads(name: string, body: unknown = {}, section = 'settings') {
  const { input, answer } = await runOf(await call(name, body, section));
  return { input, answer };
}

describe('what is stored', () => {
  test("the caller's body, without the runtime's keys, and the answer", async () => {
    const body = { n: 21, text: 'größe \u0000 \ud800', deep: [{ __proto__: null, a: [] }], none: null };
    expect(await payloads('twice', body, 'utilities')).toEqual({ input: { value: body }, answer: { value: 42 } });
    expect(await payloads('answers')).toEqual({ input: { value: {} }, answer: { value: {} } });
    expect((await payloads('answers', '{"answer":{"__proto__":{"a":1}}}')).answer).toEqual({
      value: JSON.parse('{"__proto__":{"a":1}}'),
    });
  });

  test('the input of runs that failed or were stopped', async () => {
    expect(await payloads('fails', { why: 'because' })).toEqual({ input: { value: { why: 'because' } } });
    expect(await payloads('loops', { n: 1 })).toEqual({ input: { value: { n: 1 } } });
  });

  test("what the runtime's persistSettings got and answered, also when it was asked first", async () => {
    for (let i = 0; i < 2; i++) {
      expect((await call('persistSettings', { pending: { losung: 'neue-losung' } })).status).toBe(200);
      const last = (await client('GET', `/integrations/${id}/runs`)).body.at(-1);
      const { input, answer } = (await client('GET', `/integrations/${id}/runs/${last._id}`)).body;
      expect(input).toEqual({ value: { pending: { losung: '******' } }, masked: true });
      expect(answer).toEqual({ value: { success: true, pending: { losung: '******' } }, masked: true });
    }
  });

  test('of what is larger than the limit, the size', async () => {
    const text = 'x'.repeat(LIMIT - '{"text":"","times":1}'.length);
    expect(await payloads('repeats', { text, times: 1 })).toEqual({
      input: { value: { text, times: 1 } },
      answer: { value: text },
    });
    expect(await payloads('repeats', { text: 'ä', times: LIMIT })).toEqual({
      input: { value: { text: 'ä', times: LIMIT } },
      answer: { omittedBytes: 2 * LIMIT + 2 },
    });
    const large = { text: `x${text}`, times: 0 };
    expect((await payloads('repeats', large)).input).toEqual({ omittedBytes: LIMIT + 1 });
    // Masks can be longer than what they replace.
    const pins = Array.from({ length: 180 }, () => ({ pin: 1 }));
    expect((await payloads('answers', { pins: 0, x: pins })).input).toEqual({ omittedBytes: expect.any(Number) });
  });

  test('nothing of a flow, whose records are data of customers', async () => {
    const owned = { _integrationId: id, name: 'w' };
    const connection = await client('POST', '/connections', { ...owned, type: 'wrapper', wrapper: {} });
    const wrapper = {
      _connectionId: connection.body._id,
      adaptorType: 'WrapperExport',
      wrapper: { function: 'readAll' },
    };
    const { body } = await client('POST', '/exports', { ...owned, ...wrapper });
    expect((await client('POST', `/exports/${body._id}/invoke`)).body.data).toEqual([{ customer: 'Ada' }]);
    const [listed] = (await client('GET', `/integrations/${id}/runs`)).body;
    const run = (await client('GET', `/integrations/${id}/runs/${listed._id}`)).body;
    expect([run.section, run.outcome, 'input' in run, 'answer' in run]).toEqual(['flow', 'succeeded', false, false]);
  });

  test('a body that is not JSON starts no run', async () => {
    expect((await call('echo', '{"a":')).status).toBe(400);
    expect((await client('GET', `/integrations/${id}/runs`)).body).toEqual([]);
  });
});

describe('what is masked', () => {
  test('values under names of secrets, wherever they are', async () => {
    const body = {
      password: 'a-password',
      APIKey: 12_345_678,
      nested: [{ 'client-secret': { part: ['one', 'two'] } }, [{ Token2: 'x' }]],
      http: { auth: { basic: { username: 'u-name', password: 'p' } }, encrypted: { anything: 'e' } },
      headers: [{ name: 'Authorization', value: 'h-value' }],
      pairs: [['X-Api-Key', 'pair-value']],
      fields: [{ name: 'plain', inputType: 'password', value: 'f-value' }],
      name: 'stays',
      tokenURI: 'https://example.com/token',
      isSecret: true,
      secret: false,
      pin: null,
    };
    const { input } = await payloads('answers', body);
    expect(input).toEqual({
      value: {
        ...body,
        password: '******',
        APIKey: '******',
        nested: [{ 'client-secret': '******' }, [{ Token2: '******' }]],
        http: { auth: '******', encrypted: '******' },
        headers: [{ name: 'Authorization', value: '******' }],
        pairs: [['X-Api-Key', '******']],
        fields: [{ name: 'plain', inputType: 'password', value: '******' }],
      },
      masked: true,
    });
    const { answer } = await payloads('answers', { answer: body });
    expect(answer).toEqual(input);
  });

  test('the usual spellings in texts', async () => {
    const texts = {
      json: JSON.stringify({ a: JSON.stringify({ password: 'in json' }) }),
      header: 'Authorization: Bearer abcdef0123456789',
      url: 'https://user:hidden@example.com/?a=1&access_token=hidden2&b=2',
      form: 'name=x&password=hidden3',
      broken: '{"a":1,"apiKey":"hidden4"',
      key: '-----BEGIN RSA PRIVATE KEY-----\nMIIhidden5\n-----END RSA PRIVATE KEY-----',
      plain: '[1] a list, and {"no":"json"',
    };
    const { value, masked } = (await payloads('answers', texts)).input;
    expect(masked).toBe(true);
    expect(JSON.stringify(value)).not.toMatch(/hidden|in json|abcdef/);
    expect(value.url).toBe('https://******@example.com/?a=1&access_token=******&b=2');
    expect(value.plain).toBe(texts.plain);
  });

  test("the run's token, in whatever place", async () => {
    const reply = await call('shows');
    const half = String(reply.body.half);
    expect(half.length).toBeGreaterThan(30);
    const run = await runOf(reply);
    expect(run.answer.masked).toBe(true);
    expect(JSON.stringify(run)).not.toContain(half);
    const echoed = await payloads('echo', { n: 1 });
    expect(echoed.input).toEqual({ value: { n: 1 } });
    expect(echoed.answer).toMatchObject({ value: { n: 1, bearerToken: '******' }, masked: true });
  });

  test('what one has under a telling name, the other under any', async () => {
    const { input, answer } = await payloads('answers', {
      password: KEY,
      number: { pin: 87_654_321 },
      answer: { note: `signed in with ${KEY}`, list: [encodeURIComponent(KEY), 87_654_321], [KEY]: 1 },
    });
    expect(JSON.stringify([input, answer])).not.toMatch(/4711|87654321/);
  });

  test('password fields of steps and settings, and the values that settings hold', async () => {
    const { input } = await payloads('answers', { x: { losung: 'l-1' }, pinnwand: 7, note: 'war alte-losung.' });
    expect(input.value).toEqual({ x: { losung: '******' }, pinnwand: '******', note: 'war ******.' });
  });

  test("credentials of the integration's connections, under any name and encoded", async () => {
    const reply = await call('connect', { zugang: KEY }, 'installer');
    expect(reply.body.note).toContain(KEY);
    const run = await runOf(reply);
    expect(run.input).toEqual({ value: { zugang: '******' }, masked: true });
    expect(run.answer.value.note).toBe('stored ******');
    expect(JSON.stringify(run)).not.toContain(reply.body.encoded.slice(12, -4));
    const later = await payloads('answers', { answer: [KEY] });
    expect(later.answer).toEqual({ value: ['******'], masked: true });
  });

  test('a payload that takes too much to search is not stored', async () => {
    const { runtime, client: wide } = await serve({ one: bundle }, { runPayloadBytes: 256 * 1024 });
    expect(runtime.url).toBeDefined();
    id = await installed(wide, 'one');
    const reply = await wide('PUT', `/integrations/${id}/settings/answers`, { password: 'p'.repeat(100_000) });
    const { body } = await wide('GET', `/integrations/${id}/runs/${idOf(reply)}`);
    expect([body.outcome, body.input, body.answer]).toEqual(['succeeded', undefined, undefined]);
  });
});

describe('where they are shown', () => {
  test('in no list, no event, no reply to the call, and to no run', async () => {
    const events = await openEvents(served.runtime.url, TOKEN);
    const reply = await call('answers', { text: 'only-in-the-record', answer: 1 });
    const runId = idOf(reply);
    expect((await runOf(reply)).input.value.text).toBe('only-in-the-record');
    for (const query of ['', '?include=input,answer,outcome']) {
      const { text, body } = await client('GET', `/integrations/${id}/runs${query}`);
      expect(body.at(-1)._id).toBe(runId);
      expect(text).not.toMatch(/only-in-the-record|"input"|"answer"/);
    }
    const { body: seen } = await call('reads', { runId });
    expect([seen._id, 'input' in seen, 'answer' in seen]).toEqual([runId, false, false]);
    await vi.waitFor(() => expect(JSON.stringify(events.all)).toContain('"run.ended"'));
    expect(JSON.stringify(events.all)).not.toContain('only-in-the-record');
  });

  test('with `include` and `exclude`', async () => {
    const runId = idOf(await call('answers', { a: { b: 1, c: 2 } }));
    const path = `/integrations/${id}/runs/${runId}`;
    expect((await client('GET', `${path}?include=input.value.a.b`)).body).toEqual({
      _id: runId,
      input: { value: { a: { b: 1 } } },
    });
    expect((await client('GET', `${path}?exclude=input`)).body).not.toHaveProperty('input');
  });
});

describe('the option', () => {
  test('by default, neither is stored', async () => {
    const { client: plain } = await serve({ one: bundle });
    id = await installed(plain, 'one');
    const reply = await plain('PUT', `/integrations/${id}/settings/answers`, { answer: 1 });
    const { body } = await plain('GET', `/integrations/${id}/runs/${idOf(reply)}`);
    expect([body.outcome, 'input' in body, 'answer' in body]).toEqual(['succeeded', false, false]);
  });

  test('is at most 256 KiB', async () => {
    await expect(serve({}, { runPayloadBytes: 256 * 1024 + 1 })).rejects.toThrow('runPayloadBytes');
  });

  test('what was stored is still there after a restart, also the deepest', async () => {
    const data = await temporaryFolder();
    const options = { data, runPayloadBytes: 256 * 1024, runArgumentDepth: 1000, runResultDepth: 1000 };
    const first = await serve({ one: bundle }, options);
    id = await installed(first.client, 'one');
    const deep = `{"answer":${'['.repeat(990)}${']'.repeat(990)}}`;
    const reply = await first.client('PUT', `/integrations/${id}/settings/answers`, deep);
    await first.runtime.close();
    const { client: again } = await serve({ one: bundle }, options);
    const { body, text } = await again('GET', `/integrations/${id}/runs/${idOf(reply)}`);
    expect(JSON.stringify(body.input)).toBe(`{"value":${deep}}`);
    expect(text).toContain(`"answer":{"value":${'['.repeat(990)}`);
  });

  test('a server that ends does not wait until large ones are masked, and lists their runs as they ended', async () => {
    const data = await temporaryFolder();
    const options = { data, runPayloadBytes: 256 * 1024 };
    const first = await serve({ one: bundle }, options);
    id = await installed(first.client, 'one');
    const answer = Array.from({ length: 6_000 }, (_, i) => ({ id: i, text: 'pin=1&pin=2' }));
    const replies = [0, 1].map(() =>
      first.client('PUT', `/integrations/${id}/settings/answers`, { password: KEY, answer }),
    );
    const runs = await Promise.all(replies);
    const { body } = await first.client('GET', `/integrations/${id}/runs/${idOf(runs[0] as Reply)}`);
    expect(body.answer).toEqual({ value: expect.any(Array), masked: true });
    const last = await first.client('PUT', `/integrations/${id}/settings/answers`, { password: KEY, answer });
    await first.runtime.close();
    const { client: again } = await serve({ one: bundle }, options);
    const listed = (await again('GET', `/integrations/${id}/runs`)).body;
    expect(listed.map(({ outcome }: { outcome: string }) => outcome)).toEqual(Array(3).fill('succeeded'));
    expect(listed.at(-1)._id).toBe(idOf(last));
  });
});
