/** Connections that sign in with OAuth 2 (contract 14), against a real provider. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openEvents } from '../support/events.ts';
import { writeBundle } from '../support/folders.ts';
import { CLIENT_ID, CLIENT_SECRET, type OAuthProvider } from '../support/oauth-provider.ts';
import { connect, connection, oauth, proxy, startScene, WAIT } from '../support/oauth-scene.ts';
import { serve, TOKEN } from '../support/runtime.ts';

test('a user is sent to the provider with PKCE, comes back, and the connection works', async () => {
  const scene = await startScene();
  const { client, provider, runtime } = scene;
  const id = await connection(scene);
  expect((await client('GET', `/connections/${id}/oauth2`)).body).toEqual({ status: 'disconnected' });
  const before = await proxy(client, id);
  expect([before.status, before.body.errors[0].code]).toEqual([502, 'connection_failed']);
  expect(before.text).toMatch(/has not been connected yet/);

  const { body } = await client('POST', `/connections/${id}/oauth2`);
  const address = new URL(body.authorizationUrl);
  expect(address.origin + address.pathname).toBe(`${provider.url}/auth`);
  expect(Object.fromEntries(address.searchParams)).toMatchObject({
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: `${runtime.url}/oauth2/callback`,
    scope: 'offline_access orders',
    code_challenge_method: 'S256',
  });
  const back = await provider.signIn(body.authorizationUrl);
  const page = await fetch(back);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(await page.text()).toContain('<h1>Connected</h1>');

  const reply = await proxy(client, id);
  expect([reply.status, reply.body.client]).toEqual([200, CLIENT_ID]);
  // The application repeats the token.
  expect(reply.body.token).toBe('******');
  expect((await client('GET', `/connections/${id}/ping`)).body).toMatchObject({ success: true });
  const status = await client('GET', `/connections/${id}/oauth2`);
  expect(status.body).toMatchObject({ status: 'connected', canRenew: true, scope: ['orders'] });
  expect(Date.parse(status.body.expiresAt)).toBeGreaterThan(Date.now());
});

test('tokens are sealed at rest, and in no reply, event or backup', async () => {
  const scene = await startScene();
  const { client, provider, data, iClientId, runtime } = scene;
  const events = await openEvents(runtime.url, TOKEN);
  const id = await connection(scene);
  await connect(scene, id);
  await proxy(client, id);
  const paths = [
    `/connections/${id}`,
    `/connections/${id}/oauth2`,
    '/connections',
    '/iClients',
    `/iClients/${iClientId}`,
  ];
  const replies = await Promise.all([...paths, '/backup'].map(async (path) => (await client('GET', path)).text));
  await vi.waitFor(() => expect(events.all.length).toBeGreaterThan(0));
  const entries = await readdir(data, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
  );
  expect(files.some((text) => text.includes('"tokens":'))).toBe(true);
  const { secrets } = provider;
  expect(secrets.length).toBeGreaterThanOrEqual(2);
  for (const text of [...replies, JSON.stringify(events.all), ...files]) {
    for (const secret of [...secrets, CLIENT_SECRET]) expect(text).not.toContain(secret);
  }
});

test('a token is renewed before it expires, by one request for all, and the rotated one is used next', async () => {
  const scene = await startScene({ tokenSeconds: 2 });
  const { client, provider } = scene;
  const id = await connection(scene);
  await connect(scene, id);
  for (const round of [1, 2]) {
    await vi.waitFor(async () => {
      const replies = await Promise.all(Array.from({ length: 20 }, () => proxy(client, id)));
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
      expect(refreshes(provider)).toBe(round);
    }, WAIT);
  }
  expect(provider.grants.every(({ status }) => status === 200)).toBe(true);
});

const refreshes = ({ grants }: OAuthProvider): number => grants.filter(({ grant }) => grant === 'refresh_token').length;

test('after a 401 a token is renewed once, and the request is sent again', async () => {
  const scene = await startScene();
  const { client, provider } = scene;
  const id = await connection(scene);
  await connect(scene, id);
  const [accessToken = ''] = provider.secrets;
  await (await provider.provider.AccessToken.find(accessToken))?.destroy();
  const replies = await Promise.all(Array.from({ length: 10 }, () => proxy(client, id)));
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
  expect(refreshes(provider)).toBe(1);
});

test('an application that refuses every token does not cause a refresh for each request', async () => {
  const scene = await startScene();
  const { client, provider } = scene;
  const id = await connection(scene);
  await connect(scene, id);
  provider.intercept = ({ url }, response) => {
    if (!url?.startsWith('/api')) return false;
    response.writeHead(401).end();
    return true;
  };
  for (let i = 0; i < 5; i++) expect((await proxy(client, id)).status).toBe(401);
  expect(refreshes(provider)).toBe(1);
});

test('a refused refresh takes the connection offline: record, tile, event; connecting brings it back', async () => {
  const scene = await startScene({ tokenSeconds: 1 });
  const { client, provider, runtime, integrationId } = scene;
  const events = await openEvents(runtime.url, TOKEN);
  const id = await connection(scene);
  await connect(scene, id);
  for (const token of provider.secrets) await (await provider.provider.RefreshToken.find(token))?.destroy();
  await vi.waitFor(async () => expect((await proxy(client, id)).status).toBe(502), WAIT);
  const refused = await proxy(client, id);
  expect(refused.body.errors[0]).toMatchObject({ code: 'connection_failed' });
  expect(refused.text).toContain('invalid_grant');
  expect((await client('GET', `/connections/${id}`)).body.offline).toBe(true);
  const { body: tiles } = await client('GET', '/tiles');
  expect(
    tiles.find((tile: { _integrationId: string }) => tile._integrationId === integrationId).offlineConnections,
  ).toEqual([id]);
  expect((await client('GET', `/connections/${id}/oauth2`)).body).toMatchObject({
    status: 'refused',
    problem: { error: 'invalid_grant' },
  });
  // It is not asked again and again.
  const asked = refreshes(provider);
  await proxy(client, id);
  expect(refreshes(provider)).toBe(asked);
  await connect(scene, id);
  expect((await proxy(client, id)).status).toBe(200);
  expect((await client('GET', `/connections/${id}`)).body.offline).toBeUndefined();
  const about = (): string[] =>
    events.all
      .filter(({ name }) => name.startsWith('connection.'))
      .map(({ name, data }) => `${name} ${data._connectionId}`);
  await vi.waitFor(() => expect(about()).toEqual([`connection.offline ${id}`, `connection.online ${id}`]));
});

test.each(['client_secret_basic', 'client_secret_post'] as const)('client credentials, with %s', async (location) => {
  const scene = await startScene(
    { location },
    { clientCredentialsLocation: location === 'client_secret_post' ? 'body' : 'basicauthheader' },
  );
  const { client, provider, iClientId } = scene;
  const id = await connection(scene, oauth(iClientId, 'clientcredentials', ['orders']));
  const replies = await Promise.all(Array.from({ length: 10 }, () => proxy(client, id)));
  expect(replies.map(({ status, text }) => [status, text.includes(CLIENT_ID)])).toEqual(replies.map(() => [200, true]));
  expect(provider.grants).toEqual([{ grant: 'client_credentials', status: 200 }]);
  const connected = await client('POST', `/connections/${id}/oauth2`);
  expect([connected.status, connected.body.status]).toEqual([200, 'connected']);
});

test('a wrong secret is told in the words of the provider, and mended by the operator alone', async () => {
  const scene = await startScene({}, { clientSecret: 'wrong' });
  const { client, provider, iClientId } = scene;
  const id = await connection(scene, oauth(iClientId, 'clientcredentials'));
  const refused = await proxy(client, id);
  expect([refused.status, refused.text]).toEqual([502, expect.stringContaining('invalid_client')]);
  const { body } = await client('GET', `/iClients/${iClientId}`);
  expect((await client('PUT', `/iClients/${iClientId}`, { ...body, clientSecret: CLIENT_SECRET })).status).toBe(200);
  expect((await client('POST', `/connections/${id}/oauth2`)).body.status).toBe('connected');
  expect((await proxy(client, id)).status).toBe(200);
  expect(provider.grants.map(({ status }) => status)).toEqual([401, 200]);
});

test('a rotated token is durable although the run that needed it fails', async () => {
  const code = `exports.settings = {
    async fails({ id }) {
      const reply = await fetch('/v1/connections/' + id + '/proxy', { method: 'POST', headers: { 'integrator-relative-uri': '/orders' } });
      if (!reply.ok) throw new Error('status ' + reply.status);
      throw Object.assign(new Error('on purpose'), { code: 'E_MINE' });
    },
  };`;
  const scene = await startScene({ tokenSeconds: 2 });
  const { client, provider, connectors: folder } = scene;
  await writeBundle(folder, 'one', { connector: { permissions: { fetch: [provider.url] } }, code });
  const connectorId = await vi.waitFor(async () => {
    const { body } = await client('GET', '/connectors');
    expect(body).toMatchObject([{ status: 'ready' }]);
    return body[0]._id;
  }, WAIT);
  const installed = await client('POST', `/integrations/${connectorId}/install`, {});
  expect(installed.status, installed.text).toBe(200);
  const own = { ...scene, integrationId: installed.body._id };
  const id = await connection(own);
  await connect(own, id);
  await vi.waitFor(async () => {
    const run = await client('PUT', `/integrations/${installed.body._id}/settings/fails`, { id });
    expect(run.text).toContain('E_MINE');
    expect(refreshes(provider)).toBeGreaterThan(0);
  }, WAIT);
  expect((await proxy(client, id)).status).toBe(200);
  expect(provider.grants.every(({ status }) => status === 200)).toBe(true);
});

test('a removed connection, integration or sign-in has its tokens revoked', async () => {
  const scene = await startScene();
  const { client, provider, integrationId } = scene;
  const ids = [await connection(scene), await connection(scene), await connection(scene)];
  for (const id of ids) await connect(scene, id);
  const [one = '', two = ''] = ids;
  expect((await client('DELETE', `/connections/${one}`)).status).toBe(204);
  expect((await client('DELETE', `/connections/${two}/oauth2`)).status).toBe(204);
  expect((await client('GET', `/connections/${two}/oauth2`)).body).toEqual({ status: 'disconnected' });
  expect((await client('DELETE', `/integrations/${integrationId}?cascade=true`)).status).toBe(204);
  const living = async (): Promise<number> => {
    const found = await Promise.all(provider.secrets.map((token) => provider.provider.RefreshToken.find(token)));
    return found.filter((token) => token !== undefined).length;
  };
  await vi.waitFor(async () => expect(await living()).toBe(0), WAIT);
});

test('answers that deviate from RFC 6749 are understood', async () => {
  const scene = await startScene();
  const { client, provider, iClientId } = scene;
  const id = await connection(scene, oauth(iClientId, 'clientcredentials'));
  const [token, seen] = ['a token of another kind', [] as unknown[]];
  const answers: [number, string, string][] = [
    [
      200,
      'application/x-www-form-urlencoded',
      `access_token=${encodeURIComponent(token)}&scope=a%2Cb&token_type=Bearer`,
    ],
    [
      200,
      'text/plain',
      JSON.stringify({ access_token: token, expires_in: '3600', refresh_token: null, scope: ['a', 'b'] }),
    ],
    [201, 'application/json', JSON.stringify({ access_token: token, token_type: 'BEARER', scope: '', id_token: 'x' })],
    [
      200,
      'application/json',
      JSON.stringify({ error: 'bad_verification_code', error_description: 'The <code>\u0000 is\nwrong' }),
    ],
    [400, 'text/html', '<h1>no</h1>'],
    [200, 'application/json', '[]'],
    [302, 'text/html', ''],
  ];
  provider.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    const [status, type, body] = answers.shift() as [number, string, string];
    response.writeHead(status, { 'content-type': type, location: 'http://127.0.0.1:1/' }).end(body);
    return true;
  };
  while (answers.length > 0) {
    const { status, body } = await client('POST', `/connections/${id}/oauth2`);
    seen.push(status === 200 ? [body.status, body.scope] : body.errors[0].message);
  }
  expect(seen).toEqual([
    ['connected', ['a', 'b']],
    ['connected', ['a', 'b']],
    ['connected', undefined],
    'The OAuth provider refused: bad_verification_code: The <code> is wrong. Connect it again.',
    'The OAuth provider refused: status 400. Connect it again.',
    expect.stringMatching(/^The OAuth provider issued no token: /),
    expect.stringMatching(/^The OAuth provider issued no token: /),
  ]);
});

test('a provider that breaks down meanwhile is told on the page that the user comes from', async () => {
  const scene = await startScene();
  const { client, provider, runtime, integrationId } = scene;
  const id = await connection(scene);
  const offline = async () =>
    (await client('GET', `/tiles?_integrationId=${integrationId}`)).body[0].offlineConnections;
  expect((await client('GET', `/connections/${id}/ping`)).body.success).toBe(false);
  expect(await offline()).toEqual([id]);
  const returnTo = `#/integrations/${integrationId}/records?connected=${id}`;
  for (const [status, text] of [
    [503, ''],
    [200, 'no JSON'],
    [200, '{}'],
  ] as const) {
    provider.intercept = ({ url }, response) => {
      if (url !== '/token') return false;
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
      return true;
    };
    const back = await connect(scene, id, { returnTo });
    expect([back.status, back.headers.get('location')]).toEqual([303, `${runtime.url}/${returnTo}`]);
    const { body } = await client('GET', `/connections/${id}/oauth2`);
    expect(body).toMatchObject({ status: 'disconnected', problem: { error: 'connection_failed' } });
    expect(body.problem.description).toMatch(/./);
  }
  // Without a page to come back to, the callback says it itself.
  expect((await connect(scene, id)).status).toBe(502);
  // What the failed test said is no longer true.
  provider.intercept = undefined;
  await connect(scene, id, { returnTo });
  expect(await offline()).toEqual([]);
});

test('an OAuth client without an address to sign in at is told; the redirect URI is known before any is there', async () => {
  const scene = await startScene({}, { authURI: undefined });
  const { client, runtime } = scene;
  expect((await client('GET', '/oauth2')).body).toEqual({ redirectURI: `${runtime.url}/oauth2/callback` });
  const reply = await client('POST', `/connections/${await connection(scene)}/oauth2`);
  expect([reply.status, reply.body.errors[0].field]).toEqual([422, 'http.auth.oauth._iClientId']);
  expect(reply.body.errors[0].message).toMatch(/no authURI/);
});

test('a backup brings clients and tokens to another server with the same key; what differs is overwritten on request', async () => {
  const secretKey = 'the-key-of-both-servers';
  const scene = await startScene({}, {}, { secretKey });
  const { client, iClientId } = scene;
  const id = await connection(scene);
  await connect(scene, id);
  const backup = Buffer.from(
    await (await fetch(`${scene.runtime.url}/v1/backup`, { headers: ADMINISTRATOR })).arrayBuffer(),
  );
  const other = await serve({}, { allowPrivateNetwork: '127.0.0.1', secretKey });
  const restore = (query = '') =>
    other.client('POST', `/restore${query}`, backup, { 'content-type': 'application/gzip' });
  expect((await restore()).body).toMatchObject({ restored: 1, oauthClients: 1 });
  expect((await proxy(other.client, id)).status).toBe(200);
  expect((await restore()).body).toEqual({ restored: 0, unchanged: 1, overwritten: 0, acceptances: 0 });
  const { body } = await client('GET', `/iClients/${iClientId}`);
  await other.client('PUT', `/iClients/${iClientId}`, { ...body, name: 'changed' });
  expect((await restore()).text).toContain('1 OAuth clients exist with other content');
  expect((await restore('?overwrite=true')).body).toMatchObject({ oauthClients: 1 });
  expect((await other.client('GET', `/iClients/${iClientId}`)).body.name).toBe('Provider');
});

const ADMINISTRATOR = { authorization: `Bearer ${TOKEN}` };
