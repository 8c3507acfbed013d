/** `/audit`: who changed what, without the values (contract 15). */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { AuditEntry } from '../../src/store/audit.ts';
import { createClient } from '../support/client.ts';
import { testOfDataFolder } from '../support/engine.ts';
import { writeBundle } from '../support/folders.ts';
import { connectorIdOf, installed, type Served, serve, serveForAll } from '../support/runtime.ts';
import { packed } from '../support/tarballs.ts';

const CODE = `exports.installer = {
  async install({ _integrationId }) {
    await fetch('/v1/flows', { method: 'POST', body: JSON.stringify({ name: 'made', _integrationId }) });
    return {};
  },
  update: () => ({}),
};
exports.settings = {
  async write({ _integrationId, secret, bearerToken }) {
    const put = (path, body) => fetch(path, { method: 'PUT', body: JSON.stringify(body) });
    await put('/v1/integrations/' + _integrationId, { settings: { apiKey: secret, own: bearerToken } });
    await put('/v1/integrations/' + _integrationId + '/state/cursor', 1);
    return 1;
  },
  fails: () => { throw new Error('no'); },
};`;
const BUNDLE = { connector: { installerFunction: 'install', updateFunction: 'update' }, code: CODE };
const shared = serveForAll({ a: BUNDLE });

const entries = async ({ client }: Served, query = ''): Promise<AuditEntry[]> =>
  (await client('GET', `/audit${query}`)).body;
const about = (id: string): Promise<AuditEntry[]> => entries(shared(), `?_resourceId=${id}`);
const shown = (all: readonly AuditEntry[]) =>
  all.map(({ event, by, run, fieldChanges }) => [
    event,
    by.type,
    run !== undefined,
    fieldChanges?.map(({ fieldPath }) => fieldPath),
  ]);

test('an integration from install to uninstall: by whom, through which run, and which fields', async () => {
  const served = shared();
  const { body: token } = await served.client('POST', '/accesstokens', { name: 'Jörg', scope: 'full' });
  const as = createClient(served.runtime.url, token.token);
  const id = await installed(as, 'a');
  const connectorId = await connectorIdOf(as, 'a');
  const secret = 'the-secret-of-the-settings';
  const { headers } = await as('PUT', `/integrations/${id}/settings/write`, { secret });
  await as('PUT', `/integrations/${id}/settings/fails`);
  await served.client('PUT', `/integrations/${id}`, { name: 'renamed' });
  await served.client('PUT', `/integrations/${id}`, { name: 'renamed' });
  await writeBundle(served.connectors, 'a', { ...BUNDLE, manifest: { version: '2.0.0' } });
  await expect
    .poll(async () => (await as('GET', `/connectors/${connectorId}`)).body.version, { timeout: 20_000 })
    .toBe('2.0.0');
  expect((await as('PUT', `/connectors/${connectorId}/update`, { _integrationIds: [id] })).status).toBe(200);
  const { body: flows } = await as('GET', `/flows?_integrationId=${id}`);
  expect((await as('DELETE', `/integrations/${id}/install`)).status).toBe(200);

  const all = await about(id);
  expect(shown(all)).toEqual([
    ['install', 'token', true, undefined],
    ['update', 'token', true, ['settings.apiKey', 'settings.own']],
    ['update', 'administrator', false, ['name']],
    ['upgrade', 'token', true, ['version']],
    ['uninstall', 'token', false, undefined],
  ]);
  expect(all[1]).toMatchObject({
    by: { type: 'token', _id: token._id, name: 'Jörg' },
    run: { _id: headers.get('bulkhead-run-id'), _connectorId: connectorId },
    resourceType: 'integration',
    _integrationId: id,
  });
  expect(shown(await about(flows[0]._id))).toEqual([['create', 'token', true, undefined]]);
  expect(JSON.stringify(await entries(served))).not.toContain(secret);
});

test('a connection: the names of its credentials, never their values', async () => {
  const { client } = shared();
  const { body: integration } = await client('POST', '/integrations', { name: 'n' });
  const http = { baseURI: 'https://a.example', auth: { type: 'token', token: { token: 'first-secret-value' } } };
  const { body } = await client('POST', '/connections', { name: 'n', _integrationId: integration._id, http });
  const path = `/connections/${body._id}`;
  await client('PUT', path, body);
  const replace = { op: 'replace', path: '/http/auth/token/token', value: 'second-secret-value' };
  expect((await client('PATCH', path, [replace])).status).toBe(204);
  expect((await client('DELETE', path)).status).toBe(204);
  expect(shown(await about(body._id))).toEqual([
    ['create', 'administrator', false, undefined],
    ['update', 'administrator', false, ['http.auth.token.token']],
    ['delete', 'administrator', false, undefined],
  ]);
  expect(JSON.stringify(await entries(shared()))).not.toContain('secret-value');
});

test('settings that the runtime itself saves are those of who sent them', async () => {
  const served = await shared.serve({
    form: { connector: { settings: { fields: [{ name: 'city', type: 'input' }] } }, code: 'exports.settings = {};' },
  });
  const id = await installed(served.client, 'form');
  for (const city of ['Graz', 'Linz']) {
    const reply = await served.client('PUT', `/integrations/${id}/settings/persistSettings`, { pending: { city } });
    expect(reply.status).toBe(200);
  }
  expect(shown(await about(id))).toEqual([
    ['install', 'administrator', false, undefined],
    ['update', 'administrator', false, ['settings.fields']],
    ['update', 'administrator', false, ['settings.fields']],
  ]);
});

test('tokens, backups, and what an embedding application does', async () => {
  const served = await serve({ a: BUNDLE });
  const { client, runtime } = served;
  const { body: token } = await client('POST', '/accesstokens', { name: 'one', scope: 'read' });
  const path = `/accesstokens/${token._id}`;
  await client('PUT', path, { name: 'two', scope: 'full' });
  await client('PUT', path, { name: 'two', scope: 'full', revoked: true });
  await client('DELETE', path);
  const backup = await fetch(`${runtime.url}/v1/backup`, { headers: { authorization: 'Bearer the-tests-token' } });
  const bytes = new Uint8Array(await backup.arrayBuffer());
  expect((await client('POST', '/restore', bytes, { 'content-type': 'application/gzip' })).status).toBe(200);
  const integration = await runtime.install(await connectorIdOf(client, 'a'));
  await runtime.uninstall(integration._id as string);
  const all = await entries(served);
  expect(all.map(({ event, resourceType, by, name }) => [event, resourceType, by.type, name])).toEqual([
    ['create', 'accesstoken', 'administrator', 'one'],
    ['update', 'accesstoken', 'administrator', 'two'],
    ['revoke', 'accesstoken', 'administrator', 'two'],
    ['revoke', 'accesstoken', 'administrator', 'two'],
    ['backup', 'server', 'administrator', undefined],
    ['restore', 'server', 'administrator', undefined],
    ['install', 'integration', 'host', 'a'],
    ['create', 'flow', 'host', 'made'],
    ['uninstall', 'integration', 'host', 'a'],
  ]);
  expect(all[1]?.fieldChanges).toEqual([{ fieldPath: 'name' }, { fieldPath: 'scope' }]);
});

test('bundles that are uploaded, approved and removed', { timeout: 120_000 }, async () => {
  const served = await serve();
  const { client } = served;
  const _id = 'b'.repeat(24);
  const upload = (version: string, fetch: readonly string[]) => {
    const bundle = {
      manifest: { version },
      connector: { _id, permissions: { fetch } },
      code: 'exports.settings = {};',
    };
    return client('PUT', '/connectors', packed('sent', bundle), { 'content-type': 'application/gzip' });
  };
  expect((await upload('1.0.0', [])).status).toBe(201);
  const { body } = await upload('2.0.0', ['https://a.example']);
  expect((await client('POST', `/connectors/${_id}/approve`, { digest: 'other' })).status).toBe(409);
  expect((await client('POST', `/connectors/${_id}/approve`, { digest: body.pending.digest })).status).toBe(200);
  expect((await client('DELETE', `/connectors/${_id}`)).status).toBe(204);
  const all = await entries(served, `?_resourceId=${_id}`);
  expect(all.map(({ event, resourceType, name, by }) => [event, resourceType, name, by.type])).toEqual(
    ['upload', 'upload', 'approve', 'delete'].map((event) => [event, 'connector', 'sent', 'administrator']),
  );
});

test('OAuth clients: the names of their fields, their secrets never', async () => {
  const served = await serve();
  const { client } = served;
  const fields = { authURI: 'https://a.example/auth', tokenURI: 'https://a.example/token', clientId: 'c' };
  const { body } = await client('POST', '/iClients', { ...fields, name: 'one', clientSecret: 'first-secret-value' });
  const path = `/iClients/${body._id}`;
  await client('PUT', path, { ...fields, name: 'one', clientSecret: body.clientSecret });
  await client('PUT', path, { ...fields, name: 'two', clientSecret: 'second-secret-value' });
  await client('DELETE', path);
  const all = await entries(served, `?_resourceId=${body._id}`);
  expect(shown(all).map(([event, , , paths]) => [event, paths])).toEqual([
    ['create', undefined],
    ['update', []],
    ['update', ['name', 'clientSecret']],
    ['delete', undefined],
  ]);
  expect(all[0]).toMatchObject({ resourceType: 'iclient', name: 'one' });
  expect(JSON.stringify(all)).not.toContain('secret-value');
});

test('pages in either order, by date and resource; what is no date is refused', async () => {
  const { client, runtime } = await serve();
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) ids.push((await client('POST', '/integrations', { name })).body._id);
  const walk = async (query: string): Promise<string[]> => {
    const found: string[] = [];
    for (let path: string | undefined = `/audit?${query}`; path !== undefined; ) {
      const { body, headers }: Awaited<ReturnType<typeof client>> = await client('GET', path);
      found.push(...body.map(({ name }: { name: string }) => name));
      path = /<([^>]*)>/.exec(headers.get('link') ?? '')?.[1]?.replace(runtime.url, '');
    }
    return found;
  };
  expect(await walk('limit=3')).toEqual(['a', 'b', 'c', 'd']);
  expect(await walk('limit=1&order=desc')).toEqual(['d', 'c', 'b', 'a']);
  expect(await walk(`_resourceId=${ids[2]}`)).toEqual(['c']);
  const { body: all } = await client('GET', '/audit');
  expect(await walk(`from=${all[1].time}&to=2100-01-01`)).toEqual(
    all.filter(({ time }: AuditEntry) => time >= all[1].time).map(({ name }: AuditEntry) => name),
  );
  expect(await walk('from=2100-01-01')).toEqual([]);
  expect(await walk('to=2020-01-01T00:00:00Z')).toEqual([]);
  for (const query of ['from=yesterday', 'to=1', 'from=a&from=b', 'order=up', 'resource=x', 'from=2026-02-31']) {
    const reply = await client('GET', `/audit?${query}`);
    expect([reply.status, reply.body.errors[0].code], query).toEqual([400, 'invalid_query_params']);
  }
  expect((await client('GET', '/audit?include=event&limit=1')).body).toEqual([{ _id: all[0]._id, event: 'create' }]);
});

test('failed authentications and refused changes are not in it', async () => {
  const served = await serve();
  for (let n = 0; n < 5; n++) await createClient(served.runtime.url, 'wrong')('GET', '/integrations');
  await served.client('POST', '/integrations', { name: '' });
  await served.client('DELETE', `/integrations/${'a'.repeat(24)}`);
  expect(await entries(served)).toEqual([]);
});

testOfDataFolder('a log that cannot be written loses no change, and says so', async () => {
  let log = '';
  const stream = new Writable({
    write(piece, _encoding, done) {
      log += piece;
      done();
    },
  });
  const { client, data } = await serve({}, { logger: pino({ level: 'error' }, stream) });
  const { body } = await client('POST', '/integrations', { name: 'before' });
  const database = new DatabaseSync(join(data, 'bulkhead.sqlite'));
  database.exec('DROP TABLE audit');
  database.close();
  expect((await client('PUT', `/integrations/${body._id}`, { name: 'after' })).status).toBe(200);
  expect((await client('GET', `/integrations/${body._id}`)).body.name).toBe('after');
  expect(log).toContain('a change could not be written to the audit log');
});
