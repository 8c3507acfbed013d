/** A connector learns nothing about credentials from an application that echoes its requests, whatever the connector writes. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { installed, serveForAll } from '../support/runtime.ts';

let application: Server;
let origin: string;
let asked: { readonly url: string; readonly headers: Record<string, unknown> };
beforeAll(async () => {
  application = createServer((request, response) => {
    asked = { url: String(request.url), headers: request.headers };
    response.setHeader('x-seen', String(request.headers.authorization));
    // It is another one each time.
    const { traceparent: _, ...headers } = request.headers;
    const raw = Object.entries(headers).flat().join('\n');
    response.end(JSON.stringify({ url: request.url, headers, raw }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => application.once('listening', resolve));
  origin = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
});
afterAll(() => void application.close());

const CODE = `exports.settings = {
  async tryAll({ id, guesses, path = '/v1/connections/' + id }) {
    const shown = [];
    for (const encrypted of guesses) {
      const connection = await (await fetch(path)).json();
      connection.http.encrypted = { ...connection.http.encrypted, ...encrypted };
      const put = await fetch(path, { method: 'PUT', body: JSON.stringify(connection) });
      if (!put.ok) throw new Error(await put.text());
      const echo = await fetch(path + '/proxy', { method: 'POST' });
      shown.push(await echo.text() + JSON.stringify([...echo.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id')));
    }
    return shown;
  },
  async make({ connection }) {
    const response = await fetch('/v1/connections', { method: 'POST', body: JSON.stringify(connection) });
    return (await response.json())._id;
  },
};`;
const served = serveForAll(() => ({ one: { code: CODE, connector: { permissions: { fetch: [origin] } } } }), {
  allowPrivateNetwork: '127.0.0.1',
});
let client: Client;
let integrationId: string;
beforeEach(async () => {
  client = served().client;
  integrationId = await installed(client, 'one');
});
const call = async (name: string, body: object) =>
  (await client('PUT', `/integrations/${integrationId}/settings/${name}`, body)).body;
const connection = async (http: object): Promise<string> => {
  const body = { _integrationId: integrationId, name: 'c', http: { baseURI: origin, ...http } };
  return (await client('POST', '/connections', body)).body._id;
};
const echo = async (id: string, headers: Record<string, string> = {}): Promise<string> => {
  const reply = await client('POST', `/connections/${id}/proxy`, undefined, headers);
  expect(reply.status, reply.text).toBe(200);
  return reply.text + JSON.stringify([...reply.headers]);
};

describe('a connector that writes credentials of its own', () => {
  const TOKEN = 'qX7-sekret-0099';
  const auth = { type: 'token', token: { token: TOKEN } };
  /** Of what an answer has, all but the date and the port of a connection. */
  const GUESSES = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'];

  test('sees what it would see without them: no character can be guessed', async () => {
    const id = await connection({ auth, encrypted: { key: 'another-sekret' } });
    const contexts = [
      'Bearer ',
      '"authorization":"Bearer ',
      'authorization\\nBearer ',
      '"authorization":"Bearer qX7-sekret-009',
    ];
    const guesses = contexts.flatMap((context) => [
      Object.fromEntries(GUESSES.map((guess) => [guess, context + guess])),
      { q: `${context}q`, x: `${context}qX7` },
      { q: `${context}z`, x: `${context}zX7` },
    ]);
    const shown: string[] = await call('tryAll', { id, guesses: [{}, ...guesses] });
    expect(shown).toHaveLength(guesses.length + 1);
    expect(shown[0]).toContain('"authorization":"Bearer ******"');
    expect(new Set(shown).size).toBe(1);
    expect(asked.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  test('learns nothing from overlapping values: prefixes, suffixes or parts', async () => {
    const id = await connection({ auth });
    const [shown] = await call('tryAll', {
      id,
      guesses: [
        {
          ...Object.fromEntries(GUESSES.map((guess) => [guess, `Bearer ${guess}`])),
          infix: 'sekret',
          prefix: 'qX7-sek',
          suffix: '-0099"',
          short: 'q',
          whole: TOKEN,
        },
      ],
    });
    expect(shown).not.toMatch(/sekret|0099|X7-/);
    expect(shown).toContain('"authorization":"Bearer ******"');
  });

  test('learns nothing from its own template, user name or scheme either', async () => {
    const made = await call('make', {
      connection: {
        name: 'c',
        http: {
          baseURI: origin,
          auth: { type: 'token', token: { scheme: '"authorization":"Bearer', token: 'first-token' } },
          encrypted: { a: 'a' },
          headers: [{ name: 'x-mine', value: '"authorization":"Bearer {{connection.http.encrypted.a}}' }],
        },
      },
    });
    const shown: string[][] = [];
    for (const token of ['aaa-user-sekret', 'bbb-user-sekret']) {
      const body = (await client('GET', `/connections/${made}`)).body;
      body.http.auth = { type: 'basic', basic: { username: 'mine', password: token } };
      expect((await client('PUT', `/connections/${made}`, body)).status).toBe(200);
      shown.push(await call('tryAll', { id: made, guesses: ['a', 'b', 'YWFh', 'bWlu'].map((a) => ({ a })) }));
    }
    // Two credentials, and the same is seen.
    expect(shown[0]).toEqual(shown[1]);
    expect(shown[0]?.join()).not.toContain('user-sekret');
  });

  test('sees its own credentials redacted like any other', async () => {
    const id = await call('make', {
      connection: {
        name: 'c',
        http: { baseURI: origin, auth: { type: 'token', token: { token: 'written-by-a-run' } } },
      },
    });
    expect(await echo(id)).toContain('"authorization":"Bearer ******"');
    const [shown] = await call('tryAll', { id, guesses: [{}] });
    expect(shown).not.toContain('written-by-a-run');
  });
});

describe('what was sent is redacted', () => {
  test.each([' sp4ced-sekret', 'sp4ced-sekret ', 'sp4ced-sekret\n', '\tsp4ced-sekret\r\n', '\u00a0sp4ced-sekret'])(
    'of %j',
    async (token) => {
      const ids = [
        await connection({ auth: { type: 'token', token: { token } } }),
        await connection({ auth: { type: 'token', token: { token, scheme: '', headerName: 'x-key' } } }),
        await connection({ auth: { type: 'token', token: { token, location: 'url', paramName: 'key' } } }),
        await connection({ auth: { type: 'basic', basic: { username: 'somebody', password: token } } }),
        await connection({
          encrypted: { key: token },
          headers: [{ name: 'x-key', value: '{{connection.http.encrypted.key}}' }],
        }),
      ];
      for (const [index, id] of ids.entries()) {
        const text = await echo(id);
        // The control: it was sent.
        const sent = `${asked.url} ${Buffer.from(JSON.stringify(asked.headers))}`;
        const pair = String(asked.headers.authorization ?? '').replace('Basic ', '');
        expect(sent + Buffer.from(pair, 'base64'), String(index)).toContain('sp4ced-sekret');
        expect(text, String(index)).not.toContain('sp4ced');
        expect(text, String(index)).toContain('******');
        const packed = text.match(/[A-Za-z0-9+/]{8,}/g) ?? [];
        for (const each of packed) expect(Buffer.from(each, 'base64').toString('latin1')).not.toContain('p4ced');
      }
    },
  );

  test('of a short credential, the whole header', async () => {
    const auth = (token: object) => ({ auth: { type: 'token', token } });
    for (const http of [
      auth({ token: 'a1b2' }),
      auth({ token: ' a1b2     ' }),
      auth({ token: 'a1b2', location: 'url', paramName: 'key' }),
      { auth: { type: 'basic', basic: { username: 'me', password: 'a1b2' } } },
      { encrypted: { key: 'a1b2' }, headers: [{ name: 'x-key', value: 'key={{connection.http.encrypted.key}}' }] },
    ]) {
      const text = await echo(await connection(http));
      expect(text, JSON.stringify(http)).not.toContain('a1b2');
      expect(text).not.toContain(Buffer.from('me:a1b2').toString('base64').slice(0, 8));
    }
    // The control: what has no credential in it is shown.
    const plain = await connection({ headers: [{ name: 'x-name', value: 'is {{connection.name}}' }] });
    expect(await echo(plain)).toContain('"x-name":"is c"');
  });

  test('a header has a maximum of characters', async () => {
    const value = '{{connection.http.encrypted.key}}'.repeat(400);
    const id = await connection({ encrypted: { key: 'x'.repeat(60_000) }, headers: [{ name: 'x', value }] });
    const reply = await client('POST', `/connections/${id}/proxy`);
    expect(reply.body.errors[0]).toMatchObject({ code: 'invalid_field', field: 'http.headers' });
  });
});
