/** `backup`, `restore`, `token` and `doctor` on a PostgreSQL database, beside its nodes and without any. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Keyring } from '../../src/record/keyring.ts';
import { backedDocument, backupOf, date, newId } from '../support/backup-text.ts';
import { createClient } from '../support/client.ts';
import { type CalledOptions, callCommand, type Finished } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';
import { httpServer } from '../support/outbound.ts';
import { emptyDatabase, rowsOf } from '../support/postgres-nodes.ts';
import { serve, TOKEN } from '../support/runtime.ts';
import { walkApi } from '../support/walk-api.ts';

const SECRET_KEY = 'größe-of-the-operators-key';
const CREDENTIAL = 'a-credential';

/** Runs and what depends on them are in no backup. */
const isInBackups = (route: string): boolean => !/runs|tiles|connectors|tokenInfo|accesstokens|audit/.test(route);

test.each(['folder to database', 'database to folder', 'database to database'])(
  'a backup of one engine is restored into the other: %s',
  async (direction) => {
    const port = await httpServer(({ headers }, response) => response.end(JSON.stringify(headers.authorization ?? '')));
    const placeOf = async (engine: string) => ({
      data: join(await temporaryFolder(), 'data'),
      ...(engine === 'database' ? { store: await emptyDatabase() } : {}),
      allowPrivateNetwork: '127.0.0.1',
      secretKey: SECRET_KEY,
    });
    const [from = '', to = ''] = direction.split(' to ');
    const [source, target] = [await placeOf(from), await placeOf(to)];
    const environmentOf = ({ data, store }: { data: string; store?: string }) => ({
      BULKHEAD_DATA: data,
      BULKHEAD_SECRET_KEY: SECRET_KEY,
      ...(store === undefined ? {} : { BULKHEAD_STORE: store }),
    });
    const { runtime, client } = await serve({}, source);
    let connectionId = '';
    for (const name of ['Größe', 'Zoë', '✓']) {
      const { body } = await client('POST', '/integrations', { name, settings: { ä: 'ß'.repeat(1_000) } });
      const auth = { type: 'token', token: { token: CREDENTIAL, scheme: ' ' } };
      const http = { baseURI: `http://127.0.0.1:${port}`, auth };
      const connection = await client('POST', '/connections', { name, _integrationId: body._id, http });
      connectionId = connection.body._id;
      for (const key of ['b', '7', 'größe\\"\0']) {
        await client('PUT', `/integrations/${body._id}/state/${encodeURIComponent(key)}`, [name]);
      }
    }
    const before = await walkApi(runtime.url, TOKEN, isInBackups);
    await runtime.close({ drainMs: 0 });

    const file = join(await temporaryFolder(), 'b.gz');
    const saved = await callCommand(['backup', file], { environment: environmentOf(source) });
    expect(saved).toMatchObject({ code: 0, stderr: '' });
    const restored = await callCommand(['restore', file], { environment: environmentOf(target) });
    expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining('Restored 3 integrations') });
    const again = await callCommand(['restore', file], { environment: environmentOf(target) });
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('left 3 unchanged') });

    const restoredServer = await serve({}, target);
    const after = await walkApi(restoredServer.runtime.url, TOKEN, isInBackups);
    expect(before.size).toBeGreaterThan(20);
    expect(Object.fromEntries(after)).toEqual(Object.fromEntries(before));
    const log = (await restoredServer.client('GET', '/audit')).body;
    expect(log).toMatchObject([1, 2].map(() => ({ event: 'restore', by: { type: 'command' } })));
    const answer = await restoredServer.client('GET', `/connections/${connectionId}/ping`);
    expect(answer.status).toBe(200);
  },
);

test('beside a running node: the backup is of the database, and what is restored is served', async () => {
  const store = await emptyDatabase();
  const { client } = await serve({}, { store, node: 'one' });
  const { body } = await client('POST', '/integrations', { name: 'there' });
  const file = join(await temporaryFolder(), 'b.gz');
  const options = { environment: { BULKHEAD_STORE: store } };
  expect(await callCommand(['backup', file], options)).toMatchObject({ code: 0 });
  await client('DELETE', `/integrations/${body._id}`);
  expect(await callCommand(['restore', file], options)).toMatchObject({ code: 0 });
  expect((await client('GET', `/integrations/${body._id}`)).body.name).toBe('there');
  // Commands are no nodes.
  expect(await rowsOf(store, 'SELECT name FROM bulkhead.nodes')).toEqual([{ name: 'one' }]);
});

test("a credential that is in a backup in clear is sealed with the database's key", async () => {
  const [file, data, store] = [join(await temporaryFolder(), 'b.gz'), await temporaryFolder(), await emptyDatabase()];
  const _id = newId();
  const connection = { _id, createdAt: date, lastModified: date, name: 'c', http: { encrypted: { pin: CREDENTIAL } } };
  await writeFile(file, backupOf([JSON.stringify(backedDocument({ connections: { [_id]: connection } }))]));
  expect(await callCommand(['restore', file, '--store', store, '--data', data])).toMatchObject({ code: 0 });
  const [row] = await rowsOf(store, "SELECT text FROM bulkhead.parts WHERE kind = 'connections'");
  const { pin } = JSON.parse(String(row?.text)).http.encrypted;
  const [setting] = await rowsOf(store, "SELECT value FROM bulkhead.settings WHERE name = 'secret-key'");
  expect(Keyring.of([String(setting?.value)]).isCurrent(pin)).toBe(true);
  expect(await readdir(data)).toEqual([]);
});

test('token: a new one, which the nodes take at their next start', async () => {
  const store = await emptyDatabase();
  const first = await callCommand(['token', '--json', '--store', store]);
  expect(JSON.parse(first.stdout)).toEqual({ token: expect.stringMatching(/^[\w-]{32}$/), takesRestart: false });
  const { runtime } = await serve({}, { store, node: 'one', token: undefined } as never);
  const old = JSON.parse(first.stdout).token;
  expect((await createClient(runtime.url, old)('GET', '/tokenInfo')).status).toBe(200);
  const second = await callCommand(['token', '--store', store]);
  expect(second).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[\w-]{32}\n$/) });
  expect(second.stderr).toBe('The database is in use by the nodes one: restart them to use the new token.\n');
});

const doctorOn = async (store: string, options: CalledOptions = {}): Promise<Finished & { data: string }> => {
  const [data, connectors] = [join(await temporaryFolder(), 'data'), await temporaryFolder()];
  const args = ['doctor', '--store', store, '--data', data, '--connectors', connectors, '--port', '0'];
  return { ...(await callCommand(args, options)), data };
};

test('doctor: an empty database, one in use, and none; nothing is changed', async () => {
  const store = await emptyDatabase();
  const empty = await doctorOn(store);
  expect(empty).toMatchObject({ code: 0, stdout: expect.stringMatching(/ok {7}The database answers: PostgreSQL \d/) });
  expect(empty.stdout).toContain('ok       The database is empty; the first start creates the schema.');
  expect(await rowsOf(store, "SELECT 1 FROM pg_namespace WHERE nspname = 'bulkhead'")).toEqual([]);
  await expect(readdir(empty.data)).rejects.toThrow();

  const { client } = await serve({}, { store, node: 'one' });
  await client('POST', '/integrations', { name: 'one' });
  const used = await doctorOn(store);
  for (const line of [
    'ok       Nodes using the database: one.',
    'ok       1 integrations are stored.',
    'warning  The key is in the database, next to what it encrypts: set BULKHEAD_SECRET_KEY.',
    "ok       The first start creates an administrator's token.",
  ]) {
    expect(used.stdout).toContain(`${line}\n`);
  }
  const withKey = await doctorOn(store, { environment: { BULKHEAD_SECRET_KEY: SECRET_KEY } });
  expect(withKey.stdout).toContain('ok       The key comes from the options.\n');

  const gone = await doctorOn('postgres://u:g3heim@127.0.0.1:1/x');
  expect([gone.code, gone.stdout + gone.stderr]).toEqual([
    1,
    expect.stringContaining('PROBLEM  postgres://127.0.0.1:1/x: The database cannot be used (ECONNREFUSED).\n'),
  ]);
  expect(gone.stdout).not.toContain('g3heim');
});

test.each([['backup', 'b.gz'], ['restore', 'b.gz'], ['token']])(
  '%s without the database is a sentence, without its password',
  async (...args) => {
    const cwd = await temporaryFolder();
    if (args[0] === 'restore') await writeFile(join(cwd, 'b.gz'), '');
    const environment = { BULKHEAD_STORE: 'postgres://u:g3heim@127.0.0.1:1/x' };
    const { code, stdout, stderr } = await callCommand(args, { cwd, environment });
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      'postgres://127.0.0.1:1/x: The database cannot be used (ECONNREFUSED).\n',
    ]);
  },
);

test('a backup of a database that no node has used is refused: its name may be misspelt', async () => {
  const file = join(await temporaryFolder(), 'b.gz');
  const { code, stderr } = await callCommand(['backup', file, '--store', await emptyDatabase()]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/has no data of Bulkhead\.\n$/)]);
});
