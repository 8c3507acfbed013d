/** `PUT /connectors` and `DELETE /connectors/{_id}`. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { type Client, errorsOf, type Reply } from '../support/client.ts';
import { connectorIdOf, installed, serve } from '../support/runtime.ts';
import { packed } from '../support/tarballs.ts';

// Several starts and swaps each, beside whatever else the machine does.
vi.setConfig({ testTimeout: 120_000 });

const answering = (answer: string): string => `exports.utilities = { f: () => ${JSON.stringify(answer)} }`;
const ID = '57179182e0a908200c2781d9';

const put = (client: Client, tarball: Buffer, type = 'application/gzip'): Promise<Reply> =>
  client('PUT', '/v1/connectors', tarball, { 'content-type': type });
const tarballOf = (version: string, answer = version, connector: object = {}): Buffer =>
  packed('sent', { manifest: { version }, connector: { _id: ID, ...connector }, code: answering(answer) });

test('an upload serves when the reply arrives: 201 for a new one, 200 for a replacement; it survives a restart', async () => {
  const first = await serve();
  const { connectors, data } = first;
  const created = await put(first.client, tarballOf('1.0.0'));
  expect([created.status, created.headers.get('location')]).toEqual([201, `${first.runtime.url}/v1/connectors/${ID}`]);
  expect(created.body).toMatchObject({ _id: ID, name: 'sent', version: '1.0.0', status: 'ready', uploaded: true });
  expect(created.body.digest).toMatch(/^sha256-[0-9a-f]{64}$/);
  const id = await installed(first.client, 'sent');
  const call = async (client: Client) => (await client('PUT', `/integrations/${id}/utilities/f`)).body;
  expect(await call(first.client)).toBe('1.0.0');

  const replaced = await put(first.client, tarballOf('2.0.0'), 'application/octet-stream');
  expect([replaced.status, replaced.body.version]).toEqual([200, '2.0.0']);
  expect(await call(first.client)).toBe('2.0.0');
  expect((await put(first.client, tarballOf('2.0.0'))).status).toBe(200);
  expect(await readdir(connectors)).toEqual([`${ID}.tgz`]);
  await first.runtime.close({ drainMs: 0 });

  const { client } = await serve({}, { connectors, data });
  expect((await client('GET', `/connectors/${ID}`)).body).toMatchObject({ status: 'ready', version: '2.0.0' });
  expect(await call(client)).toBe('2.0.0');
});

test('a bad upload is refused with all reasons and changes nothing', async () => {
  const { client, connectors } = await serve();
  await put(client, tarballOf('1.0.0'));
  const before = await readFile(join(connectors, `${ID}.tgz`));
  const refused = async (tarball: Buffer) => {
    const reply = await put(client, tarball);
    expect(reply.status).toBe(422);
    return errorsOf(reply);
  };
  const code = answering('x');
  const connector = { _id: ID };
  expect(await refused(packed('sent', { manifest: { version: 5, main: 7 }, connector, code }))).toEqual([
    ['invalid_field', 'version'],
    ['invalid_field', 'main'],
  ]);
  expect(await refused(packed('sent', { connector, code: 'exports.utilities = {' }))).toEqual([
    ['invalid_field', 'main'],
  ]);
  expect(await refused(packed('sent', { connector, code: 'throw new Error("at load")' }))).toEqual([
    ['invalid_field', 'main'],
  ]);
  expect(await refused(packed('sent', { connector, code }, [{ path: '../x', content: '' }]))).toEqual([
    ['invalid_field', 'bundle'],
  ]);
  expect(await refused(before.subarray(0, 100))).toEqual([['invalid_field', 'bundle']]);
  expect(await refused(Buffer.from('no tarball'))).toEqual([['invalid_field', 'bundle']]);
  expect(await readFile(join(connectors, `${ID}.tgz`))).toEqual(before);
  expect(await readdir(connectors)).toEqual([`${ID}.tgz`]);
  expect((await client('GET', `/connectors/${ID}`)).body).not.toHaveProperty('errors');
});

test('an upload with the id of a folder is refused, and the folder named', async () => {
  const { client, connectors } = await serve({ lies: { connector: { _id: ID }, code: answering('folder') } });
  const reply = await put(client, tarballOf('1.0.0'));
  expect([reply.status, errorsOf(reply), reply.body.errors[0].message]).toEqual([
    422,
    [['duplicate_id', 'connector._id']],
    expect.stringContaining('lies'),
  ]);
  expect(await readdir(connectors)).toEqual(['lies']);
});

test('refuses a body of another type, one that is too large, and none at all', async () => {
  const { client } = await serve();
  for (const type of ['application/json', 'text/plain', 'multipart/form-data']) {
    expect((await put(client, tarballOf('1.0.0'), type)).status, type).toBe(415);
  }
  const encoded = { 'content-type': 'application/gzip', 'content-encoding': 'gzip' };
  expect((await client('PUT', '/connectors', tarballOf('1.0.0'), encoded)).status).toBe(415);
  expect((await put(client, Buffer.alloc(33 * 1024 * 1024))).status).toBe(413);
  expect((await client('PUT', '/connectors')).status).toBe(415);
  expect((await put(client, Buffer.alloc(0))).status).toBe(422);
  expect((await put(client, tarballOf('1.0.0'), 'application/x-gzip')).status).toBe(201);
});

test('concurrent uploads of one connector are queued, and the last one stays', async () => {
  const { client, connectors } = await serve();
  const replies = await Promise.all(['1.0.1', '1.0.2', '1.0.3', '1.0.4'].map((each) => put(client, tarballOf(each))));
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
  expect(new Set(replies.map(({ body }) => body.version)).size).toBe(4);
  const { body } = await client('GET', `/connectors/${ID}`);
  expect(replies.map((reply) => reply.body.digest)).toContain(body.digest);
  expect(await readdir(connectors)).toEqual([`${ID}.tgz`]);
});

test('bundles with a scoped name, or one that is no file name, are stored under the id', async () => {
  const { client, connectors } = await serve();
  const { status, body } = await put(client, packed('@shop/../ledger', { code: answering('x') }));
  expect([status, body.name]).toEqual([201, '@shop/../ledger']);
  expect(await readdir(connectors)).toEqual([`${body._id}.tgz`]);
});

test('a run may neither upload, approve nor remove', async () => {
  const code = `exports.utilities = { async f() {
    const ask = async (method, path) => (await fetch('/v1' + path, { method })).status;
    return [await ask('PUT', '/connectors'), await ask('POST', '/connectors/${ID}/approve'), await ask('DELETE', '/connectors/${ID}')];
  } }`;
  const { client } = await serve();
  await put(client, packed('sent', { connector: { _id: ID }, code }));
  const id = await installed(client, 'sent');
  expect((await client('PUT', `/integrations/${id}/utilities/f`)).body).toEqual([403, 403, 403]);
});

test('an upload is removed when no integration uses it, or by force', async () => {
  const { client, connectors } = await serve();
  await put(client, tarballOf('1.0.0'));
  const id = await installed(client, 'sent');
  const used = await client('DELETE', `/connectors/${ID}`);
  expect([used.status, errorsOf(used), used.body.errors[0].message]).toEqual([
    422,
    [['has_dependencies']],
    expect.stringContaining(id),
  ]);
  expect((await client('DELETE', `/connectors/${ID}?force=true`)).status).toBe(204);
  expect(await readdir(connectors)).toEqual([]);
  expect((await client('DELETE', `/connectors/${ID}`)).status).toBe(404);
  expect((await client('PUT', `/integrations/${id}/utilities/f`)).body.errors[0].code).toBe('connector_unavailable');

  expect((await put(client, tarballOf('1.1.0'))).status).toBe(201);
  expect((await client('PUT', `/integrations/${id}/utilities/f`)).body).toBe('1.1.0');
  await client('DELETE', `/integrations/${id}?force=true`);
  expect((await client('DELETE', `/connectors/${ID}`)).status).toBe(204);
});

test('a bundle put into the folder by hand is not removed', async () => {
  const { client, connectors } = await serve({ lies: { code: answering('x') } });
  const reply = await client('DELETE', `/connectors/${await connectorIdOf(client, 'lies')}?force=true`);
  expect([reply.status, errorsOf(reply)]).toEqual([422, [['not_uploaded']]]);
  expect(await readdir(connectors)).toEqual(['lies']);
  const { body } = await client('GET', '/connectors');
  expect(body).toEqual([expect.not.objectContaining({ uploaded: true })]);
});

test('a start removes what an interrupted upload left, and nothing else', async () => {
  const first = await serve();
  const { connectors, data } = first;
  await first.runtime.close({ drainMs: 0 });
  await writeFile(join(connectors, `.${ID}.tgz.7.tmp`), 'half');
  await writeFile(join(connectors, '.mine.1.tmp'), 'mine');
  await serve({}, { connectors, data });
  expect(await readdir(connectors)).toEqual(['.mine.1.tmp']);
});

test('a folder that cannot be written is 503; once it can, uploads work again', async () => {
  const { client, connectors } = await serve();
  await rm(connectors, { recursive: true });
  const refusal = async () => {
    const reply = await put(client, tarballOf('1.1.0'));
    return [reply.status, errorsOf(reply)];
  };
  expect(await refusal()).toEqual([503, [['store_unavailable']]]);
  await writeFile(connectors, '');
  expect(await refusal()).toEqual([503, [['store_unavailable']]]);
  await rm(connectors);
  await mkdir(connectors);
  expect((await put(client, tarballOf('1.2.0'))).status).toBe(201);
});
