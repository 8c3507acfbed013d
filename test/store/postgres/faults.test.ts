/** A database that is slow, full or silent: everything is answered in time, and it recovers. */
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Database } from '../../../src/store/postgres/database.ts';
import { openPostgres } from '../../../src/store/postgres/open.ts';
import { emptyDatabase, rowsOf } from '../../support/postgres-nodes.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

async function open(url: string): Promise<Database> {
  const database = await Database.open(url);
  onTestFinished(() => database.close());
  return database;
}

async function session(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

const one = { text: 'SELECT 1 AS one' };
const set = (value: string) => ({ text: `INSERT INTO bulkhead.settings VALUES ('${value}', '') RETURNING name` });

test('sessions have limits of their own in the server: it gives up, too, and frees what a lost node holds', async () => {
  const database = await open(await emptyDatabase());
  const settings = await database.query<{ name: string; setting: string }>({
    text: `SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout')`,
  });
  expect(settings.map(({ setting }) => Number(setting))).toEqual([10_000, 8_000]);
});

test('a table that somebody locks: the statement is given up, nothing of it is stored, and others go on', async () => {
  const url = await emptyDatabase();
  const database = await open(`${url}?statement_timeout=500`);
  const locker = await session(url);
  await locker.query('BEGIN; LOCK TABLE bulkhead.settings IN ACCESS EXCLUSIVE MODE');
  const statements = [
    database.query(set('alone')),
    database.query({ text: 'SELECT FROM bulkhead.settings' }),
    database.transaction(async (query) => {
      await query({ text: `INSERT INTO bulkhead.nodes VALUES ('half', now())` });
      return query(set('second'));
    }),
  ];
  for (const statement of await Promise.allSettled(statements)) {
    // The server has said that it did nothing.
    expect(statement).toMatchObject({ reason: { code: 'store_unavailable', isOutcomeUnknown: false } });
  }
  expect(await database.query(one)).toEqual([{ one: 1 }]);
  expect(database.problem).toBeUndefined();
  await locker.query('COMMIT');
  expect(await rowsOf(url, 'SELECT name FROM bulkhead.settings UNION SELECT name FROM bulkhead.nodes')).toEqual([]);
  expect(await database.query(set('later'))).toEqual([{ name: 'later' }]);
});

/** Waits of several seconds each, side by side. */
const waits: Readonly<Record<string, () => Promise<void>>> = {
  'a pool whose connections are all busy': async () => {
    const url = await emptyDatabase();
    const database = await open(url);
    const sleep = (seconds: number) => database.query({ text: `SELECT pg_sleep(${seconds})` });
    await Promise.all(Array.from({ length: 100 }, () => sleep(0.02)));
    const slow = Array.from({ length: 16 }, () => sleep(4.5));
    const [waiting] = await Promise.allSettled([database.query(set('waiting'))]);
    expect(waiting).toMatchObject({ reason: { code: 'store_unavailable', isOutcomeUnknown: false } });
    expect(database.problem).toBeDefined();
    await Promise.all(slow);
    expect(await database.query(one)).toEqual([{ one: 1 }]);
    expect(database.problem).toBeUndefined();
    expect(await rowsOf(url, 'SELECT name FROM bulkhead.settings')).toEqual([]);
  },
  'a server whose connections others have: a few are shared, and without any it is unavailable': async () => {
    const server = await PostgresServer.start('fsync=off', 'max_connections=8', 'superuser_reserved_connections=0');
    onTestFinished(() => server.remove());
    const url = await server.createDatabase();
    const database = await open(url);
    // The server's processes of earlier connections may live on for a moment.
    const taken = () => vi.waitFor(() => session(url), { timeout: 10_000, interval: 50 });
    const others = await Promise.all(Array.from({ length: 7 }, taken));
    await Promise.all(Array.from({ length: 40 }, () => database.query(one)));
    // Its last connection goes to somebody else.
    await others[0]?.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bulkhead'`,
    );
    const last = await taken();
    await expect(database.query(one)).rejects.toMatchObject({
      code: 'store_unavailable',
      isOutcomeUnknown: false,
      message: expect.stringContaining('too many clients'),
    });
    await last.end();
    expect(await database.query(one)).toEqual([{ one: 1 }]);
  },
  'a start while nothing is answered': async () => {
    const proxy = await TcpProxy.to(await emptyDatabase());
    proxy.vanish();
    await expect(Database.open(proxy.url)).rejects.toMatchObject({ code: 'store_unavailable' });
  },
  'a storage that closes while nothing is answered': async () => {
    const proxy = await TcpProxy.to(await emptyDatabase());
    const { storage } = await openPostgres(proxy.url, { node: 'one' });
    proxy.vanish();
    await vi.waitFor(() => expect(storage.outage).toMatch(/does not answer/), { timeout: 10_000, interval: 50 });
    await storage.close();
  },
  'a node that others took for dead: its followers are told that something is missing, and miss nothing afterwards':
    async () => {
      const url = await emptyDatabase();
      const proxy = await TcpProxy.to(url);
      const [{ storage: lost }, { storage: other }] = await Promise.all([
        openPostgres(proxy.url, { node: 'lost' }),
        openPostgres(url, { node: 'other' }),
      ]);
      onTestFinished(async () => void (await Promise.all([lost.close(), other.close()])));
      const seen: string[] = [];
      lost.events?.subscribe(({ name }) => seen.push(name));
      lost.events?.follow(true);
      const within = { timeout: 12_000, interval: 50 };
      await vi.waitFor(() => expect(other.events?.isWanted).toBe(true), within);
      proxy.vanish();
      await vi.waitFor(() => expect([...(other.nodes?.others ?? [])]).toEqual([]), within);
      proxy.restore();
      await vi.waitFor(() => expect(seen).toContain('reset'), within);
      await vi.waitFor(() => expect(other.events?.isWanted).toBe(true), within);
      other.events?.publish({ name: 'later', integrationId: undefined, data: '{}' });
      await vi.waitFor(() => expect(seen).toContain('later'), within);
    },
};

test(`nobody waits for ever: ${Object.keys(waits).join('; ')}`, async () => {
  const startedAt = performance.now();
  await Promise.all(Object.values(waits).map((wait) => wait()));
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});
