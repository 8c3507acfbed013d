/** Credentials in records of every type: masked in replies, sealed on disk, bound to where they may go. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/json.ts';
import { maskSecrets } from '../../src/record/credentials.ts';
import { KeyFile } from '../../src/record/key-file.ts';
import { objectIds } from '../../src/store/object-id.ts';
import { type Client, errorsOf } from '../support/client.ts';
import { installed, serve, serveForAll } from '../support/runtime.ts';

const CODE = `exports.settings = {
  async ask({ method, path, body }) {
    const response = await fetch('/v1' + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return [response.status, text === '' ? null : JSON.parse(text)];
  },
};`;

const shared = serveForAll({ one: { code: CODE } });
let client: Client;
let _integrationId: string;
beforeEach(async () => {
  client = shared().client;
  _integrationId = await installed(client, 'one');
});
const runAsks = async (method: string, path: string, body?: unknown) =>
  (await client('PUT', `/integrations/${_integrationId}/settings/ask`, { method, path, body })).body;

const SECRET = 'S3cr3t-v4lu3';
const M = '******';

/** Each with what replies show of it. */
const types: [string, string, JsonObject, JsonObject][] = [
  [
    'connections',
    'ftp',
    { ftp: { hostURI: 'ftp.example.com', username: 'u', password: SECRET, port: 21 } },
    { ftp: { hostURI: 'ftp.example.com', username: 'u', password: M, port: 21 } },
  ],
  [
    'connections',
    'netsuite',
    {
      netsuite: {
        account: 'TSTDRV1',
        email: 'a@b.example',
        password: SECRET,
        tokenId: SECRET,
        tokenSecret: SECRET,
        consumerKey: SECRET,
        consumerSecret: SECRET,
        roleId: '3',
      },
    },
    {
      netsuite: {
        account: 'TSTDRV1',
        email: 'a@b.example',
        password: M,
        tokenId: M,
        tokenSecret: M,
        consumerKey: M,
        consumerSecret: M,
        roleId: '3',
      },
    },
  ],
  [
    'connections',
    'rest',
    {
      rest: {
        baseURI: 'https://a.example',
        authType: 'basic',
        bearerToken: SECRET,
        refreshTokenURI: 'https://a.example/t',
        tokenLocation: 'header',
        basicAuth: { username: 'u', password: SECRET },
        encrypted: { a: { b: [SECRET] } },
      },
    },
    {
      rest: {
        baseURI: 'https://a.example',
        authType: 'basic',
        bearerToken: M,
        refreshTokenURI: 'https://a.example/t',
        tokenLocation: 'header',
        basicAuth: { username: 'u', password: M },
        encrypted: { a: { b: [M] } },
      },
    },
  ],
  [
    'connections',
    'salesforce',
    { salesforce: { sandbox: true, oauth2FlowType: 'refreshToken', refreshToken: SECRET, scope: ['api'] } },
    { salesforce: { sandbox: true, oauth2FlowType: 'refreshToken', refreshToken: M, scope: ['api'] } },
  ],
  [
    'connections',
    'wrapper',
    {
      wrapper: {
        pingFunction: 'ping',
        unencrypted: { shop: 'x', apiKey: 'public' },
        unencryptedFields: [
          { id: 'shop', label: 'Shop' },
          { id: 'apiKey', label: 'Key' },
        ],
        encrypted: { one: SECRET, two: 17, type: SECRET },
        encryptedFields: [{ id: 'one', label: 'One' }],
      },
    },
    {
      wrapper: {
        pingFunction: 'ping',
        unencrypted: { shop: 'x', apiKey: 'public' },
        unencryptedFields: [
          { id: 'shop', label: 'Shop' },
          { id: 'apiKey', label: 'Key' },
        ],
        encrypted: { one: M, two: M, type: M },
        encryptedFields: [{ id: 'one', label: 'One' }],
      },
    },
  ],
  [
    'connections',
    'http',
    {
      http: {
        baseURI: 'https://a.example',
        auth: {
          type: 'oauth',
          oauth: {
            grantType: 'authorizecode',
            scope: ['a'],
            authURI: 'https://a.example/a',
            tokenURI: 'https://a.example/t',
            clientSecret: SECRET,
            accessTokenBody: SECRET,
          },
          token: {
            token: SECRET,
            refreshToken: SECRET,
            location: 'header',
            headerName: 'X-A',
            scheme: 'Token',
            paramName: 'p',
          },
        },
      },
    },
    {
      http: {
        baseURI: 'https://a.example',
        auth: {
          type: 'oauth',
          oauth: {
            grantType: 'authorizecode',
            scope: ['a'],
            authURI: 'https://a.example/a',
            tokenURI: 'https://a.example/t',
            clientSecret: M,
            accessTokenBody: M,
          },
          token: { token: M, refreshToken: M, location: 'header', headerName: 'X-A', scheme: 'Token', paramName: 'p' },
        },
      },
    },
  ],
  [
    'connections',
    'of a kind that nobody knows',
    {
      mystery: {
        API_KEY: SECRET,
        'private-key': SECRET,
        Passphrase: SECRET,
        accounts: [{ clientSecret: SECRET, id: 1 }],
        tokens: [SECRET, 5, true, null],
        token: { location: 'x', token: SECRET, secret: false },
        ssl: { key: SECRET, ca: 'public' },
        key: 'plain',
        publicKey: 'plain',
        tokenURI: 'plain',
        passwordHint: 'plain',
      },
    },
    {
      mystery: {
        API_KEY: M,
        'private-key': M,
        Passphrase: M,
        accounts: [{ clientSecret: M, id: 1 }],
        tokens: [M, M, M, null],
        token: { location: 'x', token: M, secret: M },
        ssl: { key: M, ca: 'public' },
        key: 'plain',
        publicKey: 'plain',
        tokenURI: 'plain',
        passwordHint: 'plain',
      },
    },
  ],
  [
    'connections',
    'with fields that it lists',
    {
      where: { it: { stands: SECRET } },
      rest: { bearerToken: 'public', password: SECRET },
      encryptedFields: ['where.it'],
      unencryptedFields: ['rest.bearerToken'],
    },
    {
      where: { it: { stands: M } },
      rest: { bearerToken: 'public', password: M },
      encryptedFields: ['where.it'],
      unencryptedFields: ['rest.bearerToken'],
    },
  ],
  [
    'exports',
    'webhook',
    {
      webhook: {
        provider: 'custom',
        verify: 'hmac',
        algorithm: 'sha1',
        key: SECRET,
        token: SECRET,
        password: SECRET,
        header: 'x-h',
      },
      http: { token: 'a field of a record' },
    },
    {
      webhook: { provider: 'custom', verify: 'hmac', algorithm: 'sha1', key: M, token: M, password: M, header: 'x-h' },
      http: { token: 'a field of a record' },
    },
  ],
];

describe.each(types)('%s: %s', (kind, type, fields, shown) => {
  test('is masked in every reply, sealed on disk, and kept when the mask is sent back', async () => {
    const { client: at, runtime, data } = await serve({ one: { code: CODE } });
    _integrationId = await installed(at, 'one');
    const seen: string[] = [];
    const see = <T extends { readonly text: string }>(reply: T): T => {
      seen.push(reply.text);
      return reply;
    };
    const key = { 'idempotency-key': 'k' };
    const body = { _integrationId, name: 'n', type, ...fields };
    const created = see(await at('POST', `/${kind}`, body, key));
    expect(created.status, created.text).toBe(201);
    expect(created.body).toMatchObject(shown);
    const path = `/${kind}/${created.body._id}`;
    const again = see(await at('POST', `/${kind}`, body, key));
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(see(await at('GET', path)).body).toEqual(created.body);
    expect(see(await at('GET', `/${kind}?include=${Object.keys(fields)}`)).body).toMatchObject([shown]);
    see(await at('GET', `/integrations/${_integrationId}/dependencies`));
    const request = { method: 'GET', path };
    const ofRun = see(await at('PUT', `/integrations/${_integrationId}/settings/ask`, request));
    expect(ofRun.body).toEqual([200, created.body]);

    const { lastModified: _, ...rest } = created.body;
    const put = see(await at('PUT', path, { ...created.body, name: 'new' }));
    expect(put.body).toMatchObject({ ...rest, name: 'new' });
    expect((await at('PATCH', path, [{ op: 'replace', path: '/name', value: 'newer' }])).status).toBe(204);
    const runPut = await at('PUT', `/integrations/${_integrationId}/settings/ask`, {
      method: 'PUT',
      path,
      body: { ...created.body, name: 'newest' },
    });
    expect(see(runPut).body[0], runPut.text).toBe(200);
    for (const text of seen) expect(text).not.toContain(SECRET);
    await runtime.close();

    const text = await readFile(join(data, 'integrations', `${_integrationId}.json`), 'utf8');
    expect(text).toContain('newest');
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(M);
    const masks = JSON.stringify(shown).split(M).length - 1;
    expect(text.match(/"v1\.[0-9a-f]{12}\.[\w-]+"/g)).toHaveLength(masks);
    // Read, changed and written by the next process, and nothing of it is lost.
    const reopened = await serve({ one: { code: CODE } }, { data });
    expect((await reopened.client('GET', path)).body).toMatchObject({ ...shown, name: 'newest' });
  });
});

test('the next start seals in one write what was stored in clear, and unseals what need not be sealed', async () => {
  const first = await serve();
  const { body: integration } = await first.client('POST', '/integrations', { name: 'DIY' });
  const ids = objectIds();
  const now = new Date().toISOString();
  const record = (fields: object) => ({
    _id: ids(),
    createdAt: now,
    lastModified: now,
    name: 'n',
    _integrationId: integration._id,
    ...fields,
  });
  const auth = { type: 'token', token: { token: SECRET, scheme: 'Key' } };
  const http = { baseURI: 'https://a.example', auth };
  const sealedOne = (await first.client('POST', '/connections', { name: 'c', _integrationId: integration._id, http }))
    .body._id;
  await first.runtime.close();
  const file = join(first.data, 'integrations', `${integration._id}.json`);
  const document = JSON.parse(await readFile(file, 'utf8'));
  const connections = types.filter(([kind]) => kind === 'connections').map(([, , fields]) => record(fields));
  const webhook = record({ webhook: { key: SECRET, token: SECRET } });
  for (const each of connections) document.connections[each._id] = each;
  document.exports[webhook._id] = webhook;
  // As it was stored before: all of `http.auth`.
  const keyOf = async () =>
    (await import('../../src/record/keyring.ts')).openKeyring(new KeyFile(first.data), undefined);
  const ring = await keyOf();
  const stored = document.connections[sealedOne];
  for (const [path, value] of [
    ['http/auth/type', 'token'],
    ['http/auth/token/scheme', 'Key'],
  ] as const) {
    const sealed = ring.seal(JSON.stringify(value), `${sealedOne}/${path}`);
    if (path.endsWith('type')) stored.http.auth.type = sealed;
    else stored.http.auth.token.scheme = sealed;
  }
  await writeFile(file, JSON.stringify(document));

  const second = await serve({}, { data: first.data, connectors: first.connectors });
  expect((await second.client('GET', '/readyz')).body.reasons).toEqual([]);
  for (const { _id, ...fields } of connections) {
    const { body } = await second.client('GET', `/connections/${_id}`);
    expect(body).toEqual(maskSecrets('connections', { _id, ...fields } as unknown as JsonObject));
    expect(body.lastModified).toBe(now);
  }
  expect((await second.client('GET', `/exports/${webhook._id}`)).body.webhook).toEqual({ key: M, token: M });
  expect((await second.client('GET', `/connections/${sealedOne}`)).body.http.auth).toEqual({
    type: 'token',
    token: { token: M, scheme: 'Key' },
  });
  await second.runtime.close();
  const text = await readFile(file, 'utf8');
  expect(text).not.toContain(SECRET);
  const { revisions } = JSON.parse(text);
  expect(connections.map(({ _id }) => revisions[_id])).toEqual(connections.map(() => 1));
  // The third start has nothing to do.
  const third = await serve({}, { data: first.data, connectors: first.connectors });
  await third.runtime.close();
  expect(await readFile(file, 'utf8')).toBe(text);
});

test('without the old key, sealed values stay, and clear ones are sealed with the present key', async () => {
  const first = await serve({}, { secretKey: 'first-key-0123456789' });
  const _integration = (await first.client('POST', '/integrations', { name: 'DIY' })).body._id;
  const make = (fields: object) =>
    first.client('POST', '/connections', { name: 'c', _integrationId: _integration, ...fields });
  const { body: lost } = await make({ ftp: { password: SECRET } });
  const { body: clear } = await make({ other: 'x' });
  await first.runtime.close();
  const file = join(first.data, 'integrations', `${_integration}.json`);
  const document = JSON.parse(await readFile(file, 'utf8'));
  const sealed = document.connections[lost._id].ftp.password;
  document.connections[lost._id].ftp.token = SECRET;
  document.connections[clear._id].token = SECRET;
  await writeFile(file, JSON.stringify(document));

  const options = { data: first.data, connectors: first.connectors };
  const second = await serve({}, { ...options, secretKey: 'second-key-0123456789' });
  expect((await second.client('GET', '/readyz')).body.reasons).toEqual([expect.stringContaining('1 connections')]);
  expect((await second.client('GET', `/connections/${lost._id}`)).body.ftp).toEqual({ password: M, token: M });
  await second.runtime.close();
  const text = await readFile(file, 'utf8');
  expect(text).toContain(sealed);
  expect(text).not.toContain(SECRET);
  // With both keys all of it is there again.
  const third = await serve({}, { ...options, secretKey: 'second-key-0123456789,first-key-0123456789' });
  expect((await third.client('GET', '/readyz')).body.reasons).toEqual([]);
});

describe('http.auth.type', () => {
  const make = (type: Json) =>
    client('POST', '/connections', {
      _integrationId,
      name: 'c',
      http: { baseURI: 'https://a.example', auth: { type } },
    });

  test.each(['none', 'basic', 'token', 'custom', 'oauth', 'cookie'])('%s is valid, and shown', async (type) => {
    expect((await make(type)).body.http.auth.type).toBe(type);
  });

  test.each<[Json]>([['bearer'], ['Basic'], [''], [M], [null], [5], [['basic']], [{ a: 'basic' }], ['__proto__']])(
    '%j is none',
    async (type) => {
      const reply = await make(type);
      expect([reply.status, errorsOf(reply)]).toEqual([422, [['invalid_field', 'http.auth.type']]]);
      const { body } = await make('none');
      const patch = [{ op: 'replace', path: '/http/auth/type', value: type }];
      const patched = await client('PATCH', `/connections/${body._id}`, patch);
      // The mask of old replies means what is there.
      if (type === M) expect(patched.status).toBe(204);
      else expect(errorsOf(patched)).toEqual([['invalid_field', 'http.auth.type']]);
      expect((await client('GET', `/connections/${body._id}`)).body.http.auth.type).toBe('none');
    },
  );

  test('is not required without http.auth', async () => {
    for (const auth of [{}, { basic: { username: 'u', password: 'p' } }]) {
      const body = { _integrationId, name: 'c', http: { auth } };
      expect((await client('POST', '/connections', body)).status).toBe(201);
    }
  });
});

test('a connection has at most 256 KiB, however it got there', async () => {
  const make = (chars: number) =>
    client('POST', '/connections', { _integrationId, name: 'c', text: 'x'.repeat(chars) });
  const kept = await make(250_000);
  expect(kept.status).toBe(201);
  expect(errorsOf(await make(262_144))).toEqual([['invalid_field', '']]);
  const path = `/connections/${kept.body._id}`;
  const copied = await client('PATCH', path, [{ op: 'copy', from: '/text', path: '/again' }]);
  expect(errorsOf(copied)).toEqual([['invalid_field', '']]);
  // In bytes, and of this kind alone.
  const { status } = await client('POST', '/connections', { _integrationId, name: 'c', text: 'ü'.repeat(150_000) });
  expect(status).toBe(422);
  expect((await client('POST', '/exports', { _integrationId, name: 'e', text: 'x'.repeat(500_000) })).status).toBe(201);
});

describe('credentials stay bound to where they go', () => {
  const fields = {
    http: {
      baseURI: 'https://shop.example/v1',
      auth: { type: 'token', token: { token: SECRET, location: 'header', headerName: 'X-A' } },
      headers: [
        { name: 'X-B', value: '{{connection.http.encrypted.key}}' },
        { name: 'Accept', value: 'text/plain' },
      ],
      encrypted: { key: SECRET, host: 'a.example' },
      ping: { relativeURI: '/ping' },
    },
    ftp: { hostURI: 'ftp.example.com', port: 21, password: SECRET },
    netsuite: { account: 'A1', tokenSecret: SECRET },
    rest: { baseURI: 'https://a.example', bearerToken: SECRET },
    mystery: { goesTo: 'here', token: SECRET },
    note: 'n',
  };
  const make = async (body: object = fields) =>
    (await client('POST', '/connections', { _integrationId, name: 'c', ...body })).body;

  type Change = [string, { op: string; path: string; value?: Json }];
  const addresses: Change[] = [
    ['the origin', { op: 'replace', path: '/http/baseURI', value: 'https://evil.example' }],
    ['another port', { op: 'replace', path: '/http/baseURI', value: 'https://shop.example:8443' }],
    ['no origin', { op: 'remove', path: '/http/baseURI' }],
    ['an FTP host', { op: 'replace', path: '/ftp/hostURI', value: 'evil.example' }],
    ['a port', { op: 'replace', path: '/ftp/port', value: 2121 }],
    ['an account', { op: 'replace', path: '/netsuite/account', value: 'EVIL' }],
    ['the base of REST', { op: 'replace', path: '/rest/baseURI', value: 'https://evil.example' }],
    ['an address that was not there', { op: 'add', path: '/netsuite/host', value: 'evil.example' }],
    ['an address that is a credential itself', { op: 'replace', path: '/http/encrypted/host', value: 'evil.example' }],
  ];
  const manners: Change[] = [
    ['a field of a type that nobody knows', { op: 'replace', path: '/mystery/goesTo', value: 'evil' }],
    ['how a token is sent', { op: 'replace', path: '/http/auth/token/location', value: 'url' }],
    ['in which header', { op: 'replace', path: '/http/auth/token/headerName', value: 'X-Comment' }],
    ['the type', { op: 'replace', path: '/http/auth/type', value: 'none' }],
    [
      'a header that it is filled into',
      { op: 'add', path: '/http/headers/0', value: { name: 'X', value: '{{connection.http.auth.token.token}}' } },
    ],
    ['a template', { op: 'replace', path: '/http/headers/0/value', value: '{{connection.rest.bearerToken}}' }],
    [
      'a ping with a template',
      { op: 'replace', path: '/http/ping/relativeURI', value: '/{{connection.ftp.password}}' },
    ],
    ['anything else', { op: 'replace', path: '/note', value: 'other' }],
  ];
  const free: Change[] = [
    ['the name', { op: 'replace', path: '/name', value: 'new' }],
    ['a description', { op: 'add', path: '/description', value: 'new' }],
    ['the path at the same origin', { op: 'replace', path: '/http/baseURI', value: 'https://shop.example/v2' }],
    ['a header without credentials', { op: 'replace', path: '/http/headers/1/value', value: 'application/json' }],
    ['what the ping asks', { op: 'replace', path: '/http/ping/relativeURI', value: '/health' }],
    ['another credential', { op: 'replace', path: '/http/encrypted/key', value: 'another' }],
    ['a credential more', { op: 'add', path: '/http/encrypted/more', value: 'another' }],
  ];

  test.each([...addresses, ...manners])('a run cannot change %s while keeping them', async (_what, change) => {
    const { _id } = await make();
    const before = (await client('GET', `/connections/${_id}`)).body;
    const [status, body] = await runAsks('PATCH', `/connections/${_id}`, [change]);
    expect([status, body.errors[0].code]).toEqual([422, 'invalid_field']);
    expect(body.errors[0].message).toContain('has changed: send');
    expect((await client('GET', `/connections/${_id}`)).body).toEqual(before);
  });

  test.each(free)('a run changes %s', async (_what, change) => {
    const { _id } = await make();
    expect(await runAsks('PATCH', `/connections/${_id}`, [change])).toEqual([204, null]);
  });

  test.each(addresses)('nor can a user change %s while keeping them', async (_what, change) => {
    const { _id } = await make();
    expect(errorsOf(await client('PATCH', `/connections/${_id}`, [change]))).toEqual([
      ['invalid_field', expect.any(String)],
    ]);
  });

  test.each([...manners, ...free])('a user changes %s', async (_what, change) => {
    const { _id } = await make();
    expect((await client('PATCH', `/connections/${_id}`, [change])).status).toBe(204);
  });

  test('whoever sends the credentials anew may change where they go', async () => {
    const { _id } = await make();
    const elsewhere = { ...fields, ftp: { ...fields.ftp, hostURI: 'other.example' } };
    expect((await runAsks('PUT', `/connections/${_id}`, { name: 'c', ...elsewhere }))[0]).toBe(200);
  });

  test('declaring a credential public does not reveal it, nor does declaring an address secret hide it', async () => {
    const { _id } = await make();
    const path = `/connections/${_id}`;
    const { body: shown } = await client('GET', path);
    for (const change of [
      { unencryptedFields: ['rest.bearerToken', 'mystery.token'] },
      { encryptedFields: ['ftp.hostURI'], ftp: { ...shown.ftp, hostURI: 'evil.example' } },
    ]) {
      const [status, body] = await runAsks('PUT', path, { ...shown, ...change });
      expect([status, body.errors[0].code], JSON.stringify(change)).toEqual([422, 'invalid_field']);
    }
    const moved = await runAsks('PATCH', path, [{ op: 'move', from: '/rest/bearerToken', path: '/rest/note' }]);
    expect(JSON.stringify([moved, (await client('GET', path)).text])).not.toMatch(/S3cr3t|v1\./);
    expect((await client('GET', path)).body).toEqual(shown);
  });
});
