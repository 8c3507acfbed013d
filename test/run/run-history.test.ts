/** The run history: which runs it retains, and when it writes them. */
import { expect, onTestFinished, test, vi } from 'vitest';
import type { RunRecord } from '../../src/run/run.ts';
import { RunHistory } from '../../src/run/run-history.ts';
import { Database } from '../../src/store/sqlite/database.ts';
import { CUT_OFF, SqliteRunStore } from '../../src/store/sqlite/run-store.ts';
import { RUNS_RETAINED, type RunStore } from '../../src/store/storage.ts';
import { newId } from '../support/documents.ts';
import { temporaryFolder } from '../support/folders.ts';
import { newDatabase, nodeOn, rowsOf } from '../support/postgres-nodes.ts';
import { memoryStorage, storageIn } from '../support/storages.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const never = (error: unknown): never => {
  throw error;
};

function recordOf(integrationId: string, fields: Partial<RunRecord> = {}): RunRecord {
  const text = {
    version: '1.0.0',
    digest: 'd',
    section: 'settings',
    function: 'f',
    startedAt: new Date().toISOString(),
  };
  return {
    _id: newId(),
    _integrationId: integrationId,
    _connectorId: newId(),
    ...text,
    outcome: 'succeeded',
    requests: 0,
    log: [],
    ...fields,
  };
}

const historyOn = (runs: object): RunHistory => new RunHistory(runs as RunStore<RunRecord>, never);

test('the last runs of each integration survive a crash, and running ones are listed as cut off', async () => {
  const folder = await temporaryFolder();
  const [one, two] = [newId(), newId()];
  const storage = await storageIn(folder);
  const first = historyOn(storage.runs);
  const records = Array.from({ length: RUNS_RETAINED + 60 }, (_, i) => recordOf(one, { function: `f${i} größe \0` }));
  for (const record of records) first.end(record);
  const running = recordOf(two, { outcome: 'running' });
  first.begin(running);
  await first.close();
  await storage.close();
  const { runs } = await storageIn(folder);
  const history = historyOn(runs);
  expect(await history.idsOf(one)).toEqual(records.slice(-RUNS_RETAINED).map(({ _id }) => _id));
  expect(await history.find(one, records.at(-1)?._id as string)).toEqual(records.at(-1));
  expect(await history.find(two, running._id)).toEqual({ ...running, outcome: 'cut_off' });
  expect(await history.idsOf(two)).toEqual([running._id]);
  expect(await runs.integrationIds()).toEqual([one, two].sort());
  await history.forget(one);
  expect([
    await runs.integrationIds(),
    await history.idsOf(one),
    await history.find(one, records[0]?._id as string),
  ]).toEqual([[two], [], undefined]);
});

test('a run is stored as running at its first request, and an ended run is stored once', async () => {
  const database = Database.inMemory();
  onTestFinished(() => database.close());
  const integrationId = newId();
  const history = historyOn(new SqliteRunStore(database));
  const [ended, running] = [recordOf(integrationId), recordOf(integrationId, { outcome: 'running' })];
  for (const { _id } of [ended, running]) {
    await history.beginAtOnce({ ...recordOf(integrationId), _id, outcome: 'running' });
  }
  history.end(ended);
  expect(await history.find(integrationId, ended._id)).toEqual(ended);
  // Nothing is closed, as after a kill; a new store reads the file.
  database.sqlite.exec(CUT_OFF);
  const later = historyOn(new SqliteRunStore(database));
  expect(await later.idsOf(integrationId)).toEqual([ended._id, running._id].sort());
  expect(await later.find(integrationId, ended._id)).toEqual(ended);
  expect((await later.find(integrationId, running._id))?.outcome).toBe('cut_off');
});

test('a run whose integration is removed meanwhile leaves no record', async () => {
  const { runs } = memoryStorage();
  const [begun, written] = [recordOf(newId(), { outcome: 'running' }), recordOf(newId(), { outcome: 'running' })];
  const history = historyOn(runs);
  history.begin(begun);
  await history.beginAtOnce(written);
  for (const { _id, _integrationId } of [begun, written]) {
    await history.forget(_integrationId);
    history.drop(_id);
  }
  await history.close();
  expect(await runs.integrationIds()).toEqual([]);
});

test('long logs get their own rows, and the last runs are retained if runs end faster than they are written', async () => {
  const history = historyOn(memoryStorage().runs);
  const integrationId = newId();
  const log = [{ at: 'now', level: 'info' as const, message: 'x'.repeat(100_000) }];
  const records = Array.from({ length: 5 * RUNS_RETAINED }, (_, i) =>
    recordOf(integrationId, i % 3 === 0 ? { log } : {}),
  );
  // Runs end in a different order than they began.
  for (const record of records.toReversed()) history.end(record);
  const retained = records.slice(-RUNS_RETAINED);
  expect(await history.idsOf(integrationId)).toEqual(retained.map(({ _id }) => _id));
  for (const record of retained) expect(await history.find(integrationId, record._id)).toEqual(record);
  expect(await history.find(integrationId, 'x')).toBeUndefined();
  await history.close();
});

test('looking up runs with long logs writes only those runs', async () => {
  const { runs } = memoryStorage();
  const integrationId = newId();
  const history = historyOn(runs);
  const line = { at: '', level: 'info' as const, message: 'm'.repeat(256 * 1024) };
  const records = Array.from({ length: 2 * RUNS_RETAINED }, () => recordOf(integrationId, { log: [line] }));
  for (const record of records) history.end(record);
  const startedAt = performance.now();
  const ids = await history.idsOf(integrationId);
  expect(await history.newestOf(integrationId)).toBe(records.at(-1)?._id);
  const [one, other] = [records.at(-1) as RunRecord, records.at(-50) as RunRecord];
  for (const record of [one, other]) expect(await history.find(integrationId, record._id)).toEqual(record);
  expect(performance.now() - startedAt).toBeLessThan(100);
  expect(ids).toEqual(records.slice(-RUNS_RETAINED).map(({ _id }) => _id));
  // As after a kill: the runs that were shown are stored, and the rest waits.
  expect(await runs.idsOf(integrationId)).toEqual([other._id, one._id].sort());
  await history.close();
  expect(await runs.idsOf(integrationId)).toEqual(ids);
});

test('a run that a slow store is writing is found, and listed once', async () => {
  const { runs } = memoryStorage();
  const written = Promise.withResolvers<void>();
  const slow = {
    async write(changes: Parameters<typeof runs.write>[0]) {
      await written.promise;
      await runs.write(changes);
    },
    find: (...args: Parameters<typeof runs.find>) => runs.find(...args),
    idsOf: (id: string) => runs.idsOf(id),
    newestOf: (id: string) => runs.newestOf(id),
  };
  const history = historyOn(slow);
  const record = recordOf(newId());
  history.end(record);
  const finding = history.find(record._integrationId, record._id);
  expect(await history.find(record._integrationId, record._id)).toEqual(record);
  expect(await history.idsOf(record._integrationId)).toEqual([record._id]);
  expect(await history.newestOf(record._integrationId)).toBe(record._id);
  written.resolve();
  expect(await finding).toEqual(record);
  expect(await history.idsOf(record._integrationId)).toEqual([record._id]);
  await history.close();
});

test('a run that ends while the database is away is listed once it is back, and no longer as running', async () => {
  const url = await newDatabase();
  const proxy = await TcpProxy.to(url);
  const [{ runs }, other] = await Promise.all([nodeOn(proxy.url, { node: 'one' }), nodeOn(url, { node: 'two' })]);
  const failed = Promise.withResolvers<unknown>();
  const history = new RunHistory(runs as unknown as RunStore<RunRecord>, failed.resolve);
  const running = recordOf(newId(), { outcome: 'running' });
  const ended: RunRecord = { ...running, outcome: 'succeeded' };
  await history.beginAtOnce(running);
  proxy.refuse();
  history.end(ended);
  expect(await failed.promise).toMatchObject({ code: 'store_unavailable' });
  expect(await other.runs.find(running._integrationId, running._id)).toEqual(running);
  proxy.restore();
  const { _id, _integrationId } = running;
  await vi.waitFor(async () => expect(await other.runs.find(_integrationId, _id)).toEqual(ended), 5_000);
  await history.close();
  expect(await rowsOf(url, 'SELECT FROM bulkhead.running_runs')).toEqual([]);
});
