/** When tokens are renewed, and what becomes of them if the provider, the store or another node fails meanwhile. */
import { expect, onTestFinished, test } from 'vitest';
import { createOutbound } from '../../src/broker/outbound.ts';
import { createOAuth, type OAuth } from '../../src/oauth/oauth.ts';
import { Keyring } from '../../src/record/keyring.ts';
import type { OAuthSettings } from '../../src/record/oauth-connection.ts';
import type { Storage } from '../../src/store/storage.ts';
import { StoreError } from '../../src/store/store.ts';
import { commitJson, documentOf, newId } from '../support/documents.ts';
import { CLIENT_ID, CLIENT_SECRET, type OAuthProvider, startOAuthProvider } from '../support/oauth-provider.ts';
import { memoryStorage } from '../support/storages.ts';

const MINUTE_MS = 60_000;
const REDIRECT_URI = 'http://127.0.0.1/oauth2/callback';

interface Node {
  readonly oauth: OAuth;
  readonly storage: Storage;
}

interface Scene {
  readonly provider: OAuthProvider;
  readonly connection: OAuthSettings & { readonly integrationId: string; readonly connectionId: string };
  readonly nodes: readonly Node[];
  /** Of all nodes. */
  readonly clock: { aheadMs: number };
}

/** Nodes that share a store, with a connection that a user has connected. */
async function connected(names: readonly string[], tokenSeconds: number): Promise<Scene> {
  const provider = await startOAuthProvider({ redirectUri: REDIRECT_URI, tokenSeconds });
  const storage = memoryStorage();
  const outbound = createOutbound({ allowPrivateNetwork: '127.0.0.1' });
  onTestFinished(() => outbound.close());
  const clock = { aheadMs: 0 };
  const keyring = Keyring.of(['k'.repeat(32)]);
  const nodes = names.map(() => ({
    storage,
    oauth: createOAuth({
      store: storage.documents,
      records: storage.oauthClients,
      keyring,
      outbound,
      now: () => new Date(Date.now() + clock.aheadMs),
      renewalMs: 300,
      isShared: names.length > 1,
      onOffline: () => {},
      onError: () => {},
    }),
  }));
  const [{ oauth }] = nodes as [Node];
  const client = await oauth.clients.create(newId(), {
    name: 'Provider',
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    authURI: `${provider.url}/auth`,
    tokenURI: `${provider.url}/token`,
  });
  const json = documentOf();
  const connectionId = newId();
  const { createdAt, lastModified } = json.integration;
  const auth = { type: 'oauth', oauth: { _iClientId: client._id, grantType: 'authorizecode', scope: ['orders'] } };
  const record = { _id: connectionId, createdAt, lastModified, name: 'c', http: { baseURI: provider.url, auth } };
  await commitJson(storage.documents, { ...json, connections: { [connectionId]: record } });
  const connection = {
    integrationId: json.integration._id,
    connectionId,
    grantType: 'authorizecode',
    scope: ['orders'],
    binding: { client: client._id, origin: provider.url },
  } as const;
  const address = await oauth.authorization.begin(connection, REDIRECT_URI, undefined);
  await oauth.authorization.finish(new URL(await provider.signIn(address)).searchParams);
  return { provider, connection, nodes, clock };
}

const grantsOf = ({ provider }: Scene): string[] => provider.grants.map(({ grant, status }) => `${grant} ${status}`);
const CONNECTED = 'authorization_code 200';
const REFRESHED = 'refresh_token 200';
const only = ({ nodes }: Scene): OAuth => (nodes[0] as Node).oauth;

test('a minute before it expires, and not earlier', async () => {
  const scene = await connected(['one'], 3_600);
  const { accessTokens } = only(scene);
  const first = await accessTokens.current(scene.connection);
  scene.clock.aheadMs = 58 * MINUTE_MS;
  expect(await accessTokens.current(scene.connection)).toEqual(first);
  scene.clock.aheadMs = 59.5 * MINUTE_MS;
  const second = await accessTokens.current(scene.connection);
  expect(second.accessToken).not.toBe(first.accessToken);
  expect(second.expiresAt).toBeGreaterThan((first.expiresAt ?? 0) + 59 * MINUTE_MS);
  expect(grantsOf(scene)).toEqual([CONNECTED, REFRESHED]);
});

test('while the provider is away a living token is used; an expired one is renewed when it is back', async () => {
  const scene = await connected(['one'], 3_600);
  const { accessTokens } = only(scene);
  const first = await accessTokens.current(scene.connection);
  let asked = 0;
  scene.provider.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    asked++;
    response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Busy</h1>');
    return true;
  };
  scene.clock.aheadMs = 59.5 * MINUTE_MS;
  expect(await accessTokens.current(scene.connection)).toEqual(first);
  scene.clock.aheadMs = 61 * MINUTE_MS;
  for (let i = 0; i < 50; i++) {
    await expect(accessTokens.current(scene.connection)).rejects.toThrow(/issued no token/);
  }
  // At most once a second.
  expect(asked).toBeLessThan(10);
  scene.provider.intercept = undefined;
  scene.clock.aheadMs += 2_000;
  expect((await accessTokens.current(scene.connection)).accessToken).not.toBe(first.accessToken);
});

test('a rotated token that the store did not take is stored with the next request, and not asked for again', async () => {
  const scene = await connected(['one'], 3_600);
  const [{ oauth, storage }] = scene.nodes as [Node];
  const { commit } = storage.documents;
  let isFull = false;
  storage.documents.commit = (id, change) =>
    commit.call(storage.documents, id, (current) => {
      const next = change(current);
      if (isFull && next !== current) throw new StoreError('store_full', 'The disk is full.');
      return next;
    });
  scene.clock.aheadMs = 61 * MINUTE_MS;
  isFull = true;
  for (const _ of [1, 2]) {
    await expect(oauth.accessTokens.current(scene.connection)).rejects.toThrow('The disk is full.');
  }
  isFull = false;
  const issued = await oauth.accessTokens.current(scene.connection);
  expect(scene.provider.secrets).toContain(issued.accessToken);
  expect((await oauth.stored.read(scene.connection)).issued).toEqual(issued);
  expect(grantsOf(scene)).toEqual([CONNECTED, REFRESHED]);
});

test('nodes that need a token at once make one request', async () => {
  const scene = await connected(['one', 'two', 'three'], 3_600);
  scene.clock.aheadMs = 61 * MINUTE_MS;
  const asked = [...scene.nodes, ...scene.nodes].map(({ oauth }) => oauth.accessTokens.current(scene.connection));
  const tokens = new Set((await Promise.all(asked)).map(({ accessToken }) => accessToken));
  expect(tokens.size).toBe(1);
  expect(grantsOf(scene)).toEqual([CONNECTED, REFRESHED]);
  expect((await only(scene).stored.read(scene.connection)).renewal).toBeUndefined();
});

test('a refusal of one node reaches those that wait', async () => {
  const scene = await connected(['one', 'two'], 3_600);
  scene.provider.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    const body = JSON.stringify({ error: 'invalid_grant', error_description: 'revoked' });
    response.writeHead(400, { 'content-type': 'application/json' }).end(body);
    return true;
  };
  scene.clock.aheadMs = 61 * MINUTE_MS;
  const asked = scene.nodes.map(({ oauth }) => oauth.accessTokens.current(scene.connection));
  for (const { reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
    expect(reason.message).toContain('invalid_grant: revoked');
  }
});

test('the renewal of a node that has died is taken over', async () => {
  const scene = await connected(['one', 'two'], 3_600);
  await only(scene).stored.change(scene.connection, (set) => ({ ...set, renewal: 'of a dead node' }));
  scene.clock.aheadMs = 61 * MINUTE_MS;
  const issued = await only(scene).accessTokens.current(scene.connection);
  expect(issued.expiresAt).toBeGreaterThan(Date.now() + scene.clock.aheadMs);
  expect(grantsOf(scene)).toEqual([CONNECTED, REFRESHED]);
});

test('a connection that is removed while its token is renewed ends the wait', async () => {
  const scene = await connected(['one', 'two'], 3_600);
  const [{ oauth, storage }] = scene.nodes as [Node];
  await oauth.stored.change(scene.connection, (set) => ({ ...set, renewal: 'of another node' }));
  scene.clock.aheadMs = 61 * MINUTE_MS;
  const waiting = oauth.accessTokens.current({ ...scene.connection, grantType: 'clientcredentials' });
  await storage.documents.commit(scene.connection.integrationId, () => undefined);
  await expect(waiting).rejects.toThrow();
});
