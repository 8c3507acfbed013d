/** The journal of runs: what it keeps, and a file that is none. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { RunRecord } from '../../src/run/run.ts';
import { RunHistory } from '../../src/run/run-history.ts';
import { RUNS_RETAINED } from '../../src/run/run-table.ts';
import { newId } from '../support/documents.ts';
import { temporaryFolder } from '../support/folders.ts';
import { serve } from '../support/runtime.ts';

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

test('the last of each integration are there after the process, those that went on as cut off', async () => {
  const file = join(await temporaryFolder(), 'runs.sqlite');
  const [one, two] = [newId(), newId()];
  const first = RunHistory.open(file, never);
  const records = Array.from({ length: RUNS_RETAINED + 60 }, (_, i) =>
    recordOf(one, { function: `f${i} \ud800 größe \0` }),
  );
  for (const record of records) first.history.end(record);
  const going = recordOf(two, { outcome: 'running' });
  first.history.begin(going);
  first.history.close();
  const { history, problem } = RunHistory.open(file, never);
  onTestFinished(() => history.close());
  expect(problem).toBeUndefined();
  expect(history.idsOf(one)).toEqual(records.slice(-RUNS_RETAINED).map(({ _id }) => _id));
  expect(history.find(one, records.at(-1)?._id as string)).toEqual(records.at(-1));
  expect(history.find(two, going._id)).toEqual({ ...going, outcome: 'cut_off' });
  expect(history.idsOf(two)).toEqual([going._id]);
  expect(history.integrationIds()).toEqual([one, two].sort());
  history.forget(one);
  expect([history.integrationIds(), history.idsOf(one), history.find(one, records[0]?._id as string)]).toEqual([
    [two],
    [],
    undefined,
  ]);
});

test('a run that goes on is there after a kill as soon as it asks for something; one that has ended, once', async () => {
  const file = join(await temporaryFolder(), 'runs.sqlite');
  const integrationId = newId();
  const { history } = RunHistory.open(file, never);
  const ended = recordOf(integrationId);
  const going = recordOf(integrationId, { outcome: 'running' });
  for (const { _id } of [ended, going]) history.beginAtOnce({ ...recordOf(integrationId), _id, outcome: 'running' });
  history.end(ended);
  expect(history.find(integrationId, ended._id)).toEqual(ended);
  // Nothing is closed: as after a kill, another reads what is in the file.
  const { history: later } = RunHistory.open(file, never);
  onTestFinished(() => {
    history.close();
    later.close();
  });
  expect(later.idsOf(integrationId)).toEqual([ended._id, going._id].sort());
  expect(later.find(integrationId, ended._id)).toEqual(ended);
  expect(later.find(integrationId, going._id)?.outcome).toBe('cut_off');
});

test('of a run whose integration goes while it runs, nothing is left', async () => {
  const file = join(await temporaryFolder(), 'runs.sqlite');
  const [begun, written] = [recordOf(newId(), { outcome: 'running' }), recordOf(newId(), { outcome: 'running' })];
  const { history } = RunHistory.open(file, never);
  history.begin(begun);
  history.beginAtOnce(written);
  for (const { _id, _integrationId } of [begun, written]) {
    history.forget(_integrationId);
    history.drop(_id);
  }
  history.close();
  const { history: later } = RunHistory.open(file, never);
  onTestFinished(() => later.close());
  expect(later.integrationIds()).toEqual([]);
});

test('long logs make rows of their own, and of runs that end faster than they are written the last are kept', async () => {
  const { history } = RunHistory.open(join(await temporaryFolder(), 'runs.sqlite'), never);
  onTestFinished(() => history.close());
  const integrationId = newId();
  const log = [{ at: 'now', level: 'info' as const, message: 'x'.repeat(100_000) }];
  const records = Array.from({ length: 5 * RUNS_RETAINED }, (_, i) =>
    recordOf(integrationId, i % 3 === 0 ? { log } : {}),
  );
  // Runs end in another order than they began.
  for (const record of records.toReversed()) history.end(record);
  const kept = records.slice(-RUNS_RETAINED);
  expect(history.idsOf(integrationId)).toEqual(kept.map(({ _id }) => _id));
  for (const record of kept) expect(history.find(integrationId, record._id)).toEqual(record);
  expect(history.find(integrationId, 'x')).toBeUndefined();
});

test.each<[string, (file: string) => Promise<unknown>]>([
  ['garbled', (file) => writeFile(file, 'nothing of the kind '.repeat(1_000))],
  ['cut off', (file) => writeFile(file, 'SQLite format 3\0')],
  ['a directory', (file) => mkdir(file)],
  [
    'of another shape',
    async (file) => {
      const database = new DatabaseSync(file);
      database.exec('CREATE TABLE ended (other TEXT)');
      database.close();
    },
  ],
  [
    'with a run that belongs nowhere',
    async (file) => {
      const database = new DatabaseSync(file);
      database.exec(`CREATE TABLE going_on (id, integration, record); INSERT INTO going_on VALUES ('a', NULL, '{}')`);
      database.close();
    },
  ],
  [
    'with a record that is no JSON',
    async (file) => {
      const { history } = RunHistory.open(file, never);
      history.close();
      const database = new DatabaseSync(file);
      database.exec(`INSERT INTO going_on VALUES ('a', 'b', '{"half":')`);
      database.close();
    },
  ],
])('a file that is %s is set aside with a sentence, and the rest serves', async (_what, damage) => {
  const data = await temporaryFolder();
  await damage(join(data, 'runs.sqlite'));
  const { client } = await serve({}, { data });
  const { status, body } = await client('GET', '/readyz');
  expect([status, body.status, body.reasons]).toEqual([
    200,
    'degraded',
    [expect.stringMatching(/^runs\.sqlite is damaged .*set aside/)],
  ]);
  const { body: made } = await client('POST', '/integrations', { name: 'n' });
  expect((await client('GET', `/integrations/${made._id}/runs`)).body).toEqual([]);
  expect((await readdir(data)).filter((name) => /^runs\.sqlite\..*\.damaged$/.test(name))).toHaveLength(1);
});

test('a file that another has locked is left as it is, and runs are kept in memory', async () => {
  const data = await temporaryFolder();
  const file = join(data, 'runs.sqlite');
  const other = new DatabaseSync(file);
  onTestFinished(() => other.close());
  other.exec('CREATE TABLE other (id TEXT PRIMARY KEY) STRICT; BEGIN EXCLUSIVE');
  const { client } = await serve({}, { data });
  expect((await client('GET', '/readyz')).body.reasons).toEqual([expect.stringContaining('kept in memory')]);
  expect(await readdir(data)).not.toContainEqual(expect.stringContaining('damaged'));
});

test('to look for runs that have logged much writes no more than is looked at', async () => {
  const file = join(await temporaryFolder(), 'runs.sqlite');
  const integrationId = newId();
  const { history } = RunHistory.open(file, never);
  const { history: reader } = RunHistory.open(file, never);
  onTestFinished(() => reader.close());
  const line = { at: '', level: 'info' as const, message: 'm'.repeat(256 * 1024) };
  const records = Array.from({ length: 2 * RUNS_RETAINED }, () => recordOf(integrationId, { log: [line] }));
  for (const record of records) history.end(record);
  const startedAt = performance.now();
  const ids = history.idsOf(integrationId);
  expect(history.newestOf(integrationId)).toBe(records.at(-1)?._id);
  const [one, other] = [records.at(-1) as RunRecord, records.at(-50) as RunRecord];
  for (const record of [one, other]) expect(history.find(integrationId, record._id)).toEqual(record);
  expect(performance.now() - startedAt).toBeLessThan(100);
  expect(ids).toEqual(records.slice(-RUNS_RETAINED).map(({ _id }) => _id));
  // As after a kill: what was shown is in the file, and the rest waits.
  expect(reader.idsOf(integrationId)).toEqual([other._id, one._id].sort());
  // The same, whether they wait or not.
  history.close();
  expect(reader.idsOf(integrationId)).toEqual(ids);
});
