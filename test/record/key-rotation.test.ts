/** The key that encrypts credentials is changed: what a start does, whatever the engine, and several nodes one by one. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../src/json.ts';
import { openSecrets } from '../../src/record/credentials.ts';
import { Keyring } from '../../src/record/keyring.ts';
import type { RecordKind, Stored } from '../../src/store/stored.ts';
import { temporaryFolder } from '../support/folders.ts';
import { type Node, startNode } from '../support/nodes.ts';
import { CLIENT_ID, CLIENT_SECRET, startOAuthProvider } from '../support/oauth-provider.ts';
import { httpServer } from '../support/outbound.ts';
import { emptyDatabase, rowsOf } from '../support/postgres-nodes.ts';
import { type Served, serve } from '../support/runtime.ts';

const SECRET = 'S3cr3t-v4lu3';
const [OLD, NEW, THIRD] = ['the-old-key-01234567', 'the-new-key-01234567', 'a-third-key-01234567'];
const MASK = '******';

interface Place {
  readonly data: string;
  readonly connectors: string;
  readonly store?: string;
}

const places: [string, () => Promise<Place>][] = [
  ['data folder', async () => ({ data: await temporaryFolder(), connectors: await temporaryFolder() })],
  [
    'PostgreSQL',
    async () => ({
      data: await temporaryFolder(),
      connectors: await temporaryFolder(),
      store: await emptyDatabase(),
      node: 'one',
    }),
  ],
];

/** Starts a server, and waits until it has looked at all credentials. */
async function servedWith(place: Place, secretKey: string): Promise<Served & { readonly checked: JsonObject }> {
  const lines: JsonObject[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const served = await serve({}, { allowPrivateNetwork: '127.0.0.1', ...place, secretKey, logger: pino(stream) });
  const find = (): JsonObject | undefined => lines.find(({ event }) => event === 'credentials_checked');
  await vi.waitFor(() => expect(find()).toBeDefined(), 20_000);
  return { ...served, checked: find() as JsonObject };
}

const fileOf = ({ data }: Place, integrationId: string): string => join(data, 'integrations', `${integrationId}.json`);

/** A stored record, while no server runs. */
async function storedIn(place: Place, kind: RecordKind, { _id, _integrationId }: Stored): Promise<Stored> {
  const { store } = place;
  if (store === undefined) return JSON.parse(await readFile(fileOf(place, String(_integrationId)), 'utf8'))[kind][_id];
  const [row] = await rowsOf(store, `SELECT text FROM bulkhead.parts WHERE key = '${_id}'`);
  return JSON.parse(String(row?.text));
}

/** As an earlier version stored it, or somebody who has changed the file. */
async function storeIn(place: Place, kind: RecordKind, record: Stored): Promise<void> {
  const { _id, _integrationId } = record;
  const { store } = place;
  if (store !== undefined) {
    await rowsOf(store, `UPDATE bulkhead.parts SET text = '${JSON.stringify(record)}' WHERE key = '${_id}'`);
    return;
  }
  const file = fileOf(place, String(_integrationId));
  const document = JSON.parse(await readFile(file, 'utf8'));
  document[kind][_id] = record;
  await writeFile(file, JSON.stringify(document));
}

describe.each(places)('%s', (_name, makePlace) => {
  test('a start seals with the current key what is in clear or sealed with another one, and reports what no key opens', async () => {
    const place = await makePlace();
    const first = await servedWith(place, OLD);
    expect(first.checked).toMatchObject({ encrypted: 0, unreadable: 0, failed: 0 });
    const post = async (kind: RecordKind, fields: object): Promise<Stored> => {
      const { _id: _integrationId } = (await first.client('POST', '/integrations', { name: 'DIY' })).body;
      return (await first.client('POST', `/${kind}`, { _integrationId, name: 'n', ...fields })).body;
    };
    const http = { baseURI: 'https://a.example', auth: { type: 'token', token: { token: SECRET, scheme: 'Key' } } };
    const stale: [RecordKind, Stored][] = [
      ['connections', await post('connections', { http })],
      ['connections', await post('connections', { ftp: { password: SECRET } })],
      ['exports', await post('exports', { webhook: { key: SECRET } })],
    ];
    const inClear = await post('connections', { other: 'x' });
    const lost = await post('connections', { ftp: { password: SECRET } });
    await first.runtime.close();
    await storeIn(place, 'connections', { ...inClear, token: SECRET });
    const sealed = Keyring.of([THIRD]).seal(JSON.stringify(SECRET), `${lost._id}/ftp/password`);
    await storeIn(place, 'connections', { ...lost, ftp: { password: sealed } } as Stored);

    const second = await servedWith(place, `${NEW},${OLD}`);
    expect(second.checked).toMatchObject({ encrypted: stale.length + 1, unreadable: 1, failed: 0 });
    const { body: readiness } = await second.client('GET', '/readyz');
    expect(readiness).toMatchObject({ status: 'degraded', reasons: [expect.stringContaining('1 connections')] });
    for (const [kind, record] of stale) {
      expect((await second.client('GET', `/${kind}/${record._id}`)).body).toEqual(record);
    }
    expect((await second.client('GET', `/connections/${inClear._id}`)).body.token).toBe(MASK);
    await second.runtime.close();
    const ring = Keyring.of([NEW]);
    for (const [kind, record] of [...stale, ['connections', inClear] as const]) {
      const stored = await storedIn(place, kind, record);
      expect(JSON.stringify(stored)).not.toContain(SECRET);
      expect(JSON.stringify(openSecrets(ring, kind, stored)?.record)).toContain(SECRET);
    }
    expect((await storedIn(place, 'connections', lost)).ftp).toEqual({ password: sealed });

    // The old key is not needed any more, and there is nothing to do.
    const third = await servedWith(place, NEW);
    expect(third.checked).toMatchObject({ encrypted: 0, unreadable: 1, failed: 0 });
    await third.runtime.close();
    // With the third key, nothing is lost.
    const fourth = await servedWith(place, `${NEW},${THIRD}`);
    expect(fourth.checked).toMatchObject({ encrypted: 1, unreadable: 0, failed: 0 });
    expect((await fourth.client('GET', '/readyz')).body.reasons).toEqual([]);
  });
});

test.each(places)('%s: tokens and the secrets of OAuth clients follow the key', async (_name, makePlace) => {
  const place = await makePlace();
  const first = await servedWith(place, OLD);
  const provider = await startOAuthProvider({ redirectUri: `${first.runtime.url}/oauth2/callback`, tokenSeconds: 600 });
  const { body: iClient } = await first.client('POST', '/iClients', {
    name: 'Provider',
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    authURI: `${provider.url}/auth`,
    tokenURI: `${provider.url}/token`,
  });
  const { body: integration } = await first.client('POST', '/integrations', { name: 'n' });
  const record = {
    name: 'c',
    _integrationId: integration._id,
    http: {
      baseURI: `${provider.url}/api`,
      auth: { type: 'oauth', oauth: { _iClientId: iClient._id, scope: ['orders'] } },
    },
  };
  const { body: connection } = await first.client('POST', '/connections', record);
  const { body: begun } = await first.client('POST', `/connections/${connection._id}/oauth2`);
  expect((await fetch(await provider.signIn(begun.authorizationUrl))).status).toBe(200);
  const works = async ({ client }: Served): Promise<boolean> =>
    (await client('POST', `/connections/${connection._id}/proxy`)).status === 200;
  expect(await works(first)).toBe(true);
  await first.runtime.close();

  const second = await servedWith(place, `${NEW},${OLD}`);
  expect(await works(second)).toBe(true);
  await second.runtime.close();
  const third = await servedWith(place, NEW);
  expect(await works(third)).toBe(true);
  // The secret is needed to renew the token.
  for (const token of provider.secrets) await (await provider.provider.AccessToken.find(token))?.destroy();
  expect(await works(third)).toBe(true);
  await third.runtime.close();
  const fourth = await servedWith(place, THIRD);
  expect(fourth.checked).toMatchObject({ unreadable: 1 });
  expect((await fourth.client('POST', `/connections/${connection._id}/proxy`)).body.errors[0].code).toBe(
    'credentials_unreadable',
  );
});

test('nodes are given another key one by one, as the documents say, and all of them can use all credentials all the time', async () => {
  const port = await httpServer((request, response) => {
    response.statusCode = request.headers['x-key'] === SECRET ? 200 : 401;
    response.end('{}');
  });
  const store = await emptyDatabase();
  const start = (name: string, keys: string, home?: string): Promise<Node> =>
    startNode(store, name, {
      ...(home === undefined ? {} : { home }),
      environment: { BULKHEAD_SECRET_KEY: keys, BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1' },
    });
  const nodes = await Promise.all(['one', 'two'].map((name) => start(name, OLD)));
  const { _id: _integrationId } = (await (nodes[0] as Node).client('POST', '/integrations', { name: 'DIY' })).body;
  const token = { token: SECRET, headerName: 'X-Key', scheme: '' };
  const http = { baseURI: `http://127.0.0.1:${port}`, auth: { type: 'token', token } };
  const ids: string[] = [];
  const useAll = async (): Promise<void> => {
    for (const { client } of nodes) {
      ids.push((await client('POST', '/connections', { _integrationId, name: 'c', http })).body._id);
    }
    for (const { client } of nodes) {
      for (const id of ids) {
        const relative = { 'integrator-method': 'GET', 'integrator-relative-uri': '/' };
        const reply = await client('POST', `/connections/${id}/proxy`, undefined, relative);
        expect(reply.status, reply.text).toBe(200);
      }
    }
  };
  await useAll();
  for (const keys of [`${OLD},${NEW}`, `${NEW},${OLD}`, NEW]) {
    for (const [index, { home, server }] of nodes.entries()) {
      await server.stop('SIGTERM');
      const next = await start(index === 0 ? 'one' : 'two', keys, home);
      nodes[index] = next;
      await vi.waitFor(() => expect(next.server.stderr()).toContain('credentials_checked'), 20_000);
      await useAll();
    }
  }
  for (const { client } of nodes) expect((await client('GET', '/readyz')).body.reasons).toEqual([]);
  const used = new Set(
    (await rowsOf(store, `SELECT text FROM bulkhead.parts WHERE kind = 'connections'`)).flatMap(({ text }) =>
      [...String(text).matchAll(/v1\.([0-9a-f]{12})\./g)].map(([, keyId]) => keyId),
    ),
  );
  expect([...used]).toEqual([Keyring.of([NEW]).seal('', '').split('.')[1]]);
});
