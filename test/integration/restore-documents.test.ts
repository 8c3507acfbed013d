/** Backups made by hand, or by an older version: what is restored, and what is refused. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { errorsOf } from '../support/client.ts';
import { callCommand } from '../support/command.ts';
import { documentOf, newId } from '../support/documents.ts';
import { temporaryFolder } from '../support/folders.ts';
import { type Served, serve, TOKEN } from '../support/runtime.ts';

const SECRET = 'in-cl34r-sekret';
const HEADERS = { 'content-type': 'application/gzip' };

type Records = Record<string, object>;
function withRecords(records: { connections?: Records; exports?: Records; imports?: Records; flows?: Records }) {
  const document = documentOf({ name: 'restored' });
  const { createdAt, lastModified, _id: _integrationId } = document.integration;
  const complete = Object.entries(records).map(([kind, of]) => [
    kind,
    Object.fromEntries(
      Object.entries(of).map(([_id, fields]) => [
        _id,
        { _id, createdAt, lastModified, _integrationId, name: 'n', ...fields },
      ]),
    ),
  ]);
  return { ...document, ...Object.fromEntries(complete) };
}

/** A handwritten backup with these documents. */
function backupOf(...documents: object[]): Buffer {
  const head = { format: 'bulkhead-backup', version: 2, createdAt: '2026-01-02T03:04:05.000Z' };
  const text = [head, ...documents].map((line) => `${JSON.stringify(line)}\n`).join('');
  const sha256 = createHash('sha256').update(text).digest('hex');
  return gzipSync(`${text}${JSON.stringify({ acceptances: 0, documents: documents.length, sha256 })}\n`);
}

const restore = ({ client }: Served, backup: Buffer, query = '') =>
  client('POST', `/restore${query}`, new Uint8Array(backup), HEADERS);

async function savedBy({ runtime }: Served): Promise<Buffer> {
  const response = await fetch(`${runtime.url}/backup`, { headers: { authorization: `Bearer ${TOKEN}` } });
  return Buffer.from(await response.arrayBuffer());
}

async function echoing(): Promise<{ origin: string; asked: () => string }> {
  let asked = '';
  const application = createServer((request, response) => {
    asked = String(request.headers.authorization);
    response.end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => application.once('listening', resolve));
  onTestFinished(() => void application.close());
  return { origin: `http://127.0.0.1:${(application.address() as AddressInfo).port}`, asked: () => asked };
}

const [connection, webhook] = [newId(), newId()];
const inClear = (origin: string) =>
  withRecords({
    connections: {
      [connection]: {
        http: { baseURI: origin, auth: { type: 'token', token: { token: SECRET } } },
        ftp: { password: SECRET },
      },
    },
    exports: { [webhook]: { webhook: { key: SECRET } } },
  });

describe('a credential in clear', () => {
  test('is sealed by a server, works, and stays the same when the backup is restored again', async () => {
    const { origin, asked } = await echoing();
    const served = await serve({}, { allowPrivateNetwork: '127.0.0.1' });
    const backup = backupOf(inClear(origin));
    expect((await restore(served, backup)).body).toMatchObject({ restored: 1 });
    const { body } = await served.client('GET', `/connections/${connection}`);
    expect([body.http.auth, body.ftp]).toEqual([{ type: 'token', token: { token: '******' } }, { password: '******' }]);
    await served.client('POST', `/connections/${connection}/proxy`);
    expect(asked()).toBe(`Bearer ${SECRET}`);
    expect(gunzipSync(await savedBy(served)).toString()).not.toContain(SECRET);

    expect((await restore(served, backup)).body).toMatchObject({ restored: 0, unchanged: 1, overwritten: 0 });
    await served.client('PATCH', `/connections/${connection}`, [
      { op: 'replace', path: '/ftp/password', value: 'other' },
    ]);
    expect(errorsOf(await restore(served, backup))).toEqual([['already_there']]);
    expect((await restore(served, backup, '?overwrite=true')).body).toMatchObject({ overwritten: 1 });
    const { data, runtime } = served;
    await runtime.close();
    const text = await readFile(join(data, 'integrations', `${body._integrationId}.json`), 'utf8');
    expect(text).not.toContain(SECRET);
  });

  test("is sealed by the command, with the folder's key or the given one", async () => {
    const { origin, asked } = await echoing();
    const document = inClear(origin);
    for (const secretKey of [undefined, 'a-key-of-the-operator']) {
      const [data, folder] = [await temporaryFolder(), await temporaryFolder()];
      const file = join(folder, 'backup.gz');
      await writeFile(file, backupOf(document));
      const environment = { BULKHEAD_DATA: data, ...(secretKey ? { BULKHEAD_SECRET_KEY: secretKey } : {}) };
      expect(await callCommand(['restore', file], { environment })).toMatchObject({ code: 0 });
      const stored = join(data, 'integrations', `${document.integration._id}.json`);
      expect(await readFile(stored, 'utf8')).not.toContain(SECRET);
      expect(existsSync(join(data, 'secret-key'))).toBe(secretKey === undefined);
      expect(await callCommand(['restore', file], { environment })).toMatchObject({
        stdout: expect.stringContaining('left 1 unchanged'),
      });
      const served = await serve({}, { data, allowPrivateNetwork: '127.0.0.1', ...(secretKey ? { secretKey } : {}) });
      expect((await served.client('GET', '/readyz')).body.reasons).toEqual([]);
      await served.client('POST', `/connections/${connection}/proxy`);
      expect(asked()).toBe(`Bearer ${SECRET}`);
    }
  });

  test('the control: without one, the command makes no key, and sealed values stay as they are', async () => {
    const first = await serve();
    const { body } = await first.client('POST', '/integrations', { name: 'DIY' });
    await first.client('POST', '/connections', { name: 'c', _integrationId: body._id, ftp: { password: SECRET } });
    const saved = await savedBy(first);
    const [data, file] = [await temporaryFolder(), join(await temporaryFolder(), 'saved.gz')];
    await writeFile(file, saved);
    const environment = { BULKHEAD_DATA: data };
    expect(await callCommand(['restore', file], { environment })).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(join(data, 'secret-key'))).toBe(false);
    const [, before] = gunzipSync(saved).toString().split('\n');
    expect(JSON.parse(await readFile(join(data, 'integrations', `${body._id}.json`), 'utf8'))).toEqual(
      JSON.parse(before ?? ''),
    );
  });
});

describe('a dangling reference is refused, and named', () => {
  const [gone, present, other] = [newId(), newId(), newId()];
  test.each<[string, Parameters<typeof withRecords>[0], string]>([
    ['of an export', { exports: { [other]: { _connectionId: gone } } }, `exports ${other}: _connectionId`],
    ['of an import', { imports: { [other]: { _connectionId: gone } } }, `imports ${other}: _connectionId`],
    ['of a flow', { flows: { [other]: { pageGenerators: [{ _exportId: gone }] } } }, 'pageGenerators.0._exportId'],
    ['to another kind', { imports: { [present]: {} }, flows: { [other]: { _exportId: present } } }, '_exportId'],
    ['that is no id', { flows: { [other]: { _importId: { a: 1 } } } }, `flows ${other}: _importId`],
    ['by an inherited name', { flows: { [other]: { _importId: 'toString' } } }, `flows ${other}: _importId`],
  ])('%s', async (_what, records, named) => {
    const served = await serve();
    const whole = withRecords({ exports: { [newId()]: {} } });
    const reply = await restore(served, backupOf(whole, withRecords(records)));
    expect([reply.status, errorsOf(reply)]).toEqual([422, [['invalid_backup']]]);
    expect(reply.body.errors[0].message).toContain(named);
    expect((await served.client('GET', '/integrations')).body).toEqual([]);
    // The control: the rest is good.
    expect((await restore(served, backupOf(whole))).body).toMatchObject({ restored: 1 });
  });

  test('the command refuses it, too, but accepts one to a record of the same integration', async () => {
    const [data, folder] = [await temporaryFolder(), await temporaryFolder()];
    const run = async (records: Parameters<typeof withRecords>[0]) => {
      const file = join(folder, 'backup.gz');
      await writeFile(file, backupOf(withRecords(records)));
      return callCommand(['restore', file], { environment: { BULKHEAD_DATA: data } });
    };
    expect(await run({ exports: { [other]: { _connectionId: gone } } })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(gone),
    });
    expect(await run({ connections: { [gone]: {} }, exports: { [other]: { _connectionId: gone } } })).toMatchObject({
      code: 0,
    });
  });
});
