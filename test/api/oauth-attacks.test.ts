/** Attacks on sign-ins and tokens: nothing goes anywhere but where the operator and the user meant it to. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createClient } from '../support/client.ts';
import { writeBundle } from '../support/folders.ts';
import { CLIENT_SECRET } from '../support/oauth-provider.ts';
import { connect, connection, oauth, proxy, type Scene, startScene, WAIT } from '../support/oauth-scene.ts';
import { TOKEN } from '../support/runtime.ts';

/** Somebody who wants the tokens, and keeps every request. */
async function thief(): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const html = { accept: 'text/html' };
const callback = ({ runtime }: Scene, query: string): Promise<Response> =>
  fetch(`${runtime.url}/oauth2/callback${query}`, { redirect: 'manual', headers: html });
const begin = async ({ client }: Scene, id: string, body = {}): Promise<string> =>
  (await client('POST', `/connections/${id}/oauth2`, body)).body.authorizationUrl;

test.each([
  '',
  '?code=x',
  '?state=',
  '?state=x&code=x',
  `?state=${'0'.repeat(24)}.x&code=x`,
  `?state=__proto__.x&code=x`,
  `?state=${'x'.repeat(15_000)}&code=x`,
  `?${'a=b&'.repeat(5_000)}`,
  '?error=<script>alert(1)</script>&error_description=<img src=x>',
])('a state that nobody was sent with: %s', async (query) => {
  const scene = await startScene();
  const reply = await callback(scene, query);
  expect(reply.status).toBeGreaterThanOrEqual(400);
  expect(await reply.text()).not.toMatch(/<script>|<img/);
  expect(scene.provider.grants).toEqual([]);
});

test('a state is good for one connection, one sign-in, and the last one that began', async () => {
  const scene = await startScene();
  const { client, provider } = scene;
  const [one, two] = [await connection(scene), await connection(scene)];
  const earlier = await provider.signIn(await begin(scene, one));
  const back = new URL(await provider.signIn(await begin(scene, one)));
  expect((await fetch(earlier, { headers: html })).status).toBe(400);
  // The state of one connection with the code of another.
  const other = new URL(await provider.signIn(await begin(scene, two)));
  const [oneState, twoState] = [back.searchParams.get('state') ?? '', other.searchParams.get('state') ?? ''];
  const mixed = `${two}.${oneState.split('.')[1]}`;
  expect((await callback(scene, `?state=${mixed}&code=${other.searchParams.get('code')}`)).status).toBe(400);
  // Looking at the address does not use it up.
  expect((await fetch(back, { method: 'HEAD' })).status).toBe(200);
  const both = await Promise.all([fetch(back, { headers: html }), fetch(back, { headers: html })]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
  expect((await fetch(back, { headers: html })).status).toBe(400);
  expect((await client('GET', `/connections/${one}/oauth2`)).body.status).toBe('connected');
  expect((await client('GET', `/connections/${two}/oauth2`)).body.status).toBe('disconnected');
  // A code that was used already, with a state that is good.
  const replayed = `?state=${twoState}&code=${back.searchParams.get('code')}`;
  expect(await (await callback(scene, replayed)).text()).toContain('invalid_grant');
  expect((await client('GET', `/connections/${two}/oauth2`)).body).toMatchObject({
    problem: { error: 'invalid_grant' },
  });
});

test('a state is of no use after ten minutes', async () => {
  const scene = await startScene();
  const id = await connection(scene);
  const back = await scene.provider.signIn(await begin(scene, id));
  const now = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + 11 * 60_000);
  vi.setSystemTime(now() + 11 * 60_000);
  onTestFinished(() => void vi.useRealTimers().restoreAllMocks());
  expect((await fetch(back, { headers: html })).status).toBe(400);
});

test('a provider that is not the one the user was sent to is refused (RFC 9207)', async () => {
  const scene = await startScene();
  const id = await connection(scene);
  const back = new URL(await scene.provider.signIn(await begin(scene, id)));
  expect(back.searchParams.get('iss')).toBe(scene.provider.url);
  back.searchParams.set('iss', 'https://evil.example');
  expect((await fetch(back, { headers: html })).status).toBeGreaterThanOrEqual(400);
  expect(scene.provider.grants).toEqual([]);
});

test.each([
  'https://evil.example/',
  '//evil.example/',
  '/\\evil.example',
  'javascript:alert(1)',
  '#/x\r\nSet-Cookie: a=b',
  '#/"><script>',
  `#/${'x'.repeat(600)}`,
  5,
  null,
])('the way back leads to the dashboard alone: %j', async (returnTo) => {
  const scene = await startScene();
  const id = await connection(scene);
  const reply = await scene.client('POST', `/connections/${id}/oauth2`, { returnTo });
  expect([reply.status, reply.body.errors[0].field]).toEqual([422, 'returnTo']);
  if (typeof returnTo === 'string' && returnTo.startsWith('https')) {
    const back = await connect(scene, id, { returnTo: '#/integrations/x?connected=1' });
    expect([back.status, back.headers.get('location')]).toEqual([
      303,
      `${scene.runtime.url}/#/integrations/x?connected=1`,
    ]);
  }
});

test("the provider's words are shown as text", async () => {
  const scene = await startScene();
  const id = await connection(scene);
  const state = new URL(await begin(scene, id)).searchParams.get('state');
  const words = encodeURIComponent('<script>alert(1)</script>\u202e no');
  const page = await callback(scene, `?state=${state}&error=access_denied&error_description=${words}`);
  const text = await page.text();
  expect(text).toContain('access_denied: &lt;script&gt;');
  expect(text).not.toContain('<script>');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(page.headers.get('cache-control')).toBe('no-store');
});

test('a provider that repeats what it was sent tells nobody: replies, status, log and audit log', async () => {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const scene = await startScene({}, {}, { logger: pino({ level: 'trace' }, stream) });
  const { client, provider } = scene;
  const id = await connection(scene);
  await connect(scene, id);
  const sent: string[] = [];
  provider.intercept = (request, response) => {
    if (request.url?.startsWith('/api')) response.writeHead(401).end();
    else if (request.url === '/token' || request.url === '/token/revocation') {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const form = new URLSearchParams(body);
        const basic = Buffer.from(request.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
        const secret = decodeURIComponent(basic.split(':')[1] ?? '');
        sent.push(secret, form.get('refresh_token') ?? form.get('token') ?? '');
        const error_description = `wrong: ${JSON.stringify(sent)} ${encodeURIComponent(secret)} ${btoa(secret)} ${body}`;
        response.writeHead(400, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: 'invalid_client', error_description }));
      });
    } else return false;
    return true;
  };
  const replies = [await proxy(client, id), await client('GET', `/connections/${id}/oauth2`)];
  expect((await client('DELETE', `/connections/${id}`)).status).toBe(204);
  await vi.waitFor(() => expect(lines.join('')).toContain('a token could not be revoked'), WAIT);
  replies.push(await client('GET', '/audit'));
  expect(replies[0]?.text).toContain('invalid_client: wrong: ');
  expect(sent[0]).toBe(CLIENT_SECRET);
  for (const text of [...replies.map(({ text }) => text), ...lines]) {
    for (const secret of [...provider.secrets, CLIENT_SECRET, encodeURIComponent(CLIENT_SECRET), btoa(CLIENT_SECRET)]) {
      expect(text).not.toContain(secret);
    }
  }
});

test('tokens are not sent to another origin, nor used for another client, whoever changes the connection', async () => {
  const scene = await startScene();
  const { client, provider, iClientId } = scene;
  const { url, seen } = await thief();
  const id = await connection(scene);
  await connect(scene, id);
  const { body: stored } = await client('GET', `/connections/${id}`);
  const moved = { ...stored, http: { ...stored.http, baseURI: url } };
  expect((await client('PUT', `/connections/${id}`, moved)).status).toBe(200);
  const reply = await proxy(client, id);
  expect([reply.status, reply.text]).toEqual([502, expect.stringContaining('has changed')]);
  expect((await client('GET', `/connections/${id}/oauth2`)).body.status).toBe('disconnected');
  expect(seen).toEqual([]);

  const { body: other } = await client('POST', '/iClients', { name: 'o', clientId: 'o', tokenURI: `${url}/token` });
  const changed = { ...stored, http: { ...stored.http, auth: oauth(other._id) } };
  expect((await client('PUT', `/connections/${id}`, changed)).status).toBe(200);
  expect((await proxy(client, id)).status).toBe(502);
  expect(seen).toEqual([]);
  expect((await client('PUT', `/connections/${id}`, stored)).status).toBe(200);
  expect((await proxy(client, id)).status).toBe(200);
  for (const secret of provider.secrets) expect(seen.join()).not.toContain(secret);
  expect(iClientId).toBeDefined();
});

test('a token of limited scope chooses no client, and tests no connection of others', async () => {
  const scene = await startScene();
  const { client, iClientId, integrationId, runtime } = scene;
  const { url, seen } = await thief();
  const { body: other } = await client('POST', '/integrations', { name: 'other' });
  const scoped = { name: 'limited', scope: 'integrations', _integrationIds: [other._id] };
  const limited = createClient(runtime.url, (await client('POST', '/accesstokens', scoped)).body.token);
  const record = {
    name: 'c',
    _integrationId: other._id,
    http: { baseURI: url, auth: oauth(iClientId, 'clientcredentials') },
  };
  for (const path of ['/connections', '/connections/ping']) {
    const reply = await limited('POST', path, record);
    expect([path, reply.status, reply.body.errors[0].field]).toEqual([path, 422, 'http.auth.oauth._iClientId']);
  }
  const id = await connection(scene, oauth(iClientId, 'clientcredentials'));
  const { body: stored } = await client('GET', `/connections/${id}`);
  expect((await limited('POST', '/connections/ping', stored)).status).toBe(404);
  // What the operator has chosen, the token uses and may rename.
  const own = await connection({ ...scene, integrationId: other._id }, oauth(iClientId, 'clientcredentials'));
  expect((await limited('POST', `/connections/${own}/proxy`)).status).toBe(200);
  expect((await limited('PATCH', `/connections/${own}`, [{ op: 'replace', path: '/name', value: 'new' }])).status).toBe(
    204,
  );
  const move = [{ op: 'replace', path: '/http/baseURI', value: url }];
  expect((await limited('PATCH', `/connections/${own}`, move)).status).toBe(422);
  expect([seen, integrationId.length]).toEqual([[], 24]);
});

test('a run cannot have the token of a client sent to itself, nor see clients, nor sign in', async () => {
  const scene = await startScene();
  const { client, iClientId, connectors } = scene;
  const { url, seen } = await thief();
  const code = `exports.settings = {
    async ask({ requests }) {
      const replies = [];
      for (const { method, path, body } of requests) {
        const reply = await fetch(path, { method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json' } });
        replies.push([reply.status, await reply.text()]);
      }
      return replies;
    },
  };`;
  await writeBundle(connectors, 'one', { connector: { permissions: { fetch: [url] } }, code });
  const connectorId = await vi.waitFor(async () => {
    const { body } = await client('GET', '/connectors');
    expect(body).toMatchObject([{ status: 'ready' }]);
    return body[0]._id;
  }, WAIT);
  const { body: own } = await client('POST', `/integrations/${connectorId}/install`, {});
  const ask = async (...requests: unknown[]): Promise<[number, string][]> =>
    (await client('PUT', `/integrations/${own._id}/settings/ask`, { requests })).body;
  const record = (auth: unknown) => ({ name: 'c', http: { baseURI: url, auth } });
  const [made, listed, read, created] = await ask(
    { method: 'POST', path: '/v1/connections', body: record(oauth(iClientId, 'clientcredentials')) },
    { method: 'GET', path: '/v1/iClients' },
    { method: 'GET', path: `/v1/iClients/${iClientId}` },
    { method: 'POST', path: '/v1/iClients', body: { name: 'x', clientId: 'x', tokenURI: url } },
  );
  expect([made?.[0], made?.[1]]).toEqual([422, expect.stringContaining('only a token of the scope full')]);
  expect([listed?.[0], read?.[0], created?.[0]]).toEqual([403, 403, 403]);

  // A user's connection, which the run then wants to move.
  const id = await connection({ ...scene, integrationId: own._id }, oauth(iClientId, 'clientcredentials'));
  const [moved, renamed, begun] = await ask(
    { method: 'PATCH', path: `/v1/connections/${id}`, body: [{ op: 'replace', path: '/http/baseURI', value: url }] },
    { method: 'PATCH', path: `/v1/connections/${id}`, body: [{ op: 'replace', path: '/name', value: 'new' }] },
    { method: 'POST', path: `/v1/connections/${id}/oauth2`, body: {} },
  );
  expect([moved?.[0], renamed?.[0], begun?.[0]]).toEqual([422, 204, 403]);
  expect((await proxy(client, id)).status).toBe(200);

  // With an authorization code a user has to agree; until then there is nothing to steal.
  const [waiting] = await ask({ method: 'POST', path: '/v1/connections', body: record(oauth(iClientId)) });
  expect(waiting?.[0]).toBe(201);
  const { _id } = JSON.parse(waiting?.[1] ?? '{}');
  const [asked] = await ask({ method: 'POST', path: `/v1/connections/${_id}/proxy` });
  expect([asked?.[0], seen]).toEqual([502, []]);
});

test("a client's secret goes to its own addresses: a mask does not follow a change, and no redirect is followed", async () => {
  const scene = await startScene();
  const { client, provider, iClientId } = scene;
  const { url, seen } = await thief();
  const { body: stored } = await client('GET', `/iClients/${iClientId}`);
  for (const change of [{ tokenURI: `${url}/token` }, { revokeURI: `${url}/revoke` }]) {
    const reply = await client('PUT', `/iClients/${iClientId}`, { ...stored, ...change });
    expect([reply.status, reply.body.errors[0].field]).toEqual([422, 'clientSecret']);
  }
  provider.intercept = ({ url: path }, response) => {
    if (path !== '/token') return false;
    response.writeHead(307, { location: `${url}/token` }).end();
    return true;
  };
  const id = await connection(scene, oauth(iClientId, 'clientcredentials'));
  expect((await proxy(client, id)).status).toBe(502);
  expect(seen).toEqual([]);
});

test.each([
  [{ tokenURI: 'http://provider.example/token' }, 'tokenURI'],
  [{ tokenURI: 'https://a:b@provider.example/token' }, 'tokenURI'],
  [{ tokenURI: 'https://provider.example/token#x' }, 'tokenURI'],
  [{ tokenURI: 'file:///etc/passwd' }, 'tokenURI'],
  [{ authURI: 'javascript:alert(1)' }, 'authURI'],
  [{ tokenParams: { client_secret: 'x' } }, 'tokenParams.client_secret'],
  [{ clientCredentialsLocation: 'cookie' }, 'clientCredentialsLocation'],
  [{ clientSecret: '******' }, 'clientSecret'],
  [{ name: ' ' }, 'name'],
  [{ scope: 'x' }, 'scope'],
])('a client that is none: %j', async (fields, field) => {
  const { client } = await startScene();
  const record = { name: 'x', clientId: 'x', tokenURI: 'https://provider.example/token', ...fields };
  const reply = await client('POST', '/iClients', record);
  expect([reply.status, reply.body.errors[0].field]).toEqual([422, field]);
  expect((await client('GET', '/iClients')).body).toHaveLength(1);
});

test('a provider in a closed network is not asked', async () => {
  const scene = await startScene({}, {}, { allowPrivateNetwork: '' });
  const id = await connection(scene, oauth(scene.iClientId, 'clientcredentials'));
  const reply = await proxy(scene.client, id);
  expect(reply.status).toBe(502);
  expect(scene.provider.grants).toEqual([]);
});

test('a token of kilobytes, or an answer of megabytes, is refused', async () => {
  const scene = await startScene();
  const id = await connection(scene, oauth(scene.iClientId, 'clientcredentials'));
  const answers = [
    JSON.stringify({ access_token: 't'.repeat(20_000) }),
    `{"access_token":"${'t'.repeat(12_000_000)}"}`,
    `{"access_token":"t","x":[${'[],'.repeat(500_000)}0]}`,
  ];
  scene.provider.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    response.writeHead(200, { 'content-type': 'application/json' }).end(answers.shift());
    return true;
  };
  while (answers.length > 0) expect((await scene.client('POST', `/connections/${id}/oauth2`)).status).toBe(502);
  const nobody = createClient(scene.runtime.url, `${TOKEN}x`);
  expect((await nobody('GET', `/connections/${id}/oauth2`)).status).toBe(401);
});
