/** Runs of several nodes on one PostgreSQL database. */
import { expect, test } from 'vitest';
import type { PostgresRunStore } from '../../../src/store/postgres/run-store.ts';
import { RUNS_RETAINED, type StoredRun } from '../../../src/store/storage.ts';
import { newId } from '../../support/documents.ts';
import { newDatabase, nodeOn, rowsOf } from '../../support/postgres-nodes.ts';

interface Run extends StoredRun {
  readonly outcome: string;
  readonly text: string;
}

/** A NUL, half a surrogate pair, and what an array or JSON escapes. */
const TEXT = 'größe 😀 \ud800 \0 "quoted" \\ {a,b}';

const runOf = (_integrationId: string, outcome = 'succeeded'): Run => ({
  _id: newId(),
  _integrationId,
  outcome,
  text: TEXT,
});

const runsOn = async (url: string, node: string): Promise<PostgresRunStore<Run>> =>
  (await nodeOn(url, { node })).runs as unknown as PostgresRunStore<Run>;

test("a node's runs are cut off, and those of other nodes are not", async () => {
  const url = await newDatabase();
  const [one, two] = [await runsOn(url, 'one'), await runsOn(url, 'two')];
  const id = newId();
  const [first, second] = [runOf(id, 'running'), runOf(id, 'running')];
  await one.write({ running: [first] });
  await two.write({ running: [second] });
  await two.cutOff('one');
  expect(await one.idsOf(id)).toEqual([first._id, second._id]);
  expect((await one.find(id, second._id))?.outcome).toBe('running');
  expect(await one.find(id, first._id)).toEqual({ ...first, outcome: 'cut_off' });
  await Promise.all([one.cutOff('two'), two.cutOff('two')]);
  expect(await one.idsOf(id)).toEqual([first._id, second._id]);
  expect(await two.find(id, second._id)).toEqual({ ...second, outcome: 'cut_off' });
});

test('a node that starts cuts off what it left behind under its name', async () => {
  const url = await newDatabase();
  const id = newId();
  const [mine, other] = [runOf(id, 'running'), runOf(id, 'running')];
  await (await runsOn(url, 'one')).write({ running: [mine] });
  await (await runsOn(url, 'two')).write({ running: [other] });
  const again = await runsOn(url, 'one');
  expect(await again.idsOf(id)).toEqual([mine._id, other._id]);
  expect((await again.find(id, other._id))?.outcome).toBe('running');
  expect((await again.find(id, mine._id))?.outcome).toBe('cut_off');
});

test('a run of a node that was taken for dead is listed once, as it ended', async () => {
  const url = await newDatabase();
  const runs = await runsOn(url, 'one');
  const id = newId();
  const running = Array.from({ length: 3 }, () => runOf(id, 'running'));
  await runs.write({ running });
  await runs.cutOff('one');
  const [first, second, third] = running.map((run) => ({ ...run, outcome: 'succeeded' })) as [Run, Run, Run];
  await runs.write({ ended: [[first, second]], dropped: [first._id, second._id] });
  await runs.write({ ended: [[third]], dropped: [third._id] });
  expect(await runs.idsOf(id)).toEqual(running.map(({ _id }) => _id));
  for (const run of [first, second, third]) expect(await runs.find(id, run._id)).toEqual(run);
});

test('a run that ends while it is being stored as running is not left running', async () => {
  const url = await newDatabase();
  const runs = await runsOn(url, 'one');
  const id = newId();
  const ended = Array.from({ length: 20 }, () => ({ ...runOf(id), text: 'x'.repeat(500_000) }));
  const end = (run: Run): Promise<void> => runs.write({ ended: [[run]], dropped: [run._id] });
  const writes = ended.map(async (run, i) => {
    const begun = runs.write({ running: [{ ...run, outcome: 'running' }] });
    // Some at once, the others when the statement is under way.
    if (i % 2) await new Promise(setImmediate);
    await Promise.all([begun, end(run)]);
  });
  await Promise.all(writes);
  expect(await rowsOf(url, 'SELECT id FROM bulkhead.running_runs')).toEqual([]);
  expect(await runs.idsOf(id)).toEqual(ended.map(({ _id }) => _id));
});

test('old runs are trimmed', async () => {
  const url = await newDatabase();
  const runs = await runsOn(url, 'one');
  const [id, other] = [newId(), newId()];
  const kept = runOf(other);
  await runs.write({ ended: [[kept]] });
  const many = Array.from({ length: 5 }, () => Array.from({ length: RUNS_RETAINED }, () => runOf(id)));
  for (const ended of many) await runs.write({ ended: [ended] });
  await runs.close();
  expect(await rowsOf(url, 'SELECT integration FROM bulkhead.ended_runs ORDER BY integration')).toEqual([
    { integration: id },
    { integration: other },
  ]);
  expect(await runs.idsOf(id)).toEqual(many.at(-1)?.map(({ _id }) => _id));
});

test('integrations are listed beyond a page', async () => {
  const url = await newDatabase();
  const runs = await runsOn(url, 'one');
  await rowsOf(
    url,
    `INSERT INTO bulkhead.ended_runs (integration, newest, ids, records)
    SELECT lpad(to_hex(i), 24, '0'), n::text, n::text, '[]' FROM generate_series(1, 2500) AS i, generate_series(1, 3) AS n`,
  );
  const ids = Array.from({ length: 2_500 }, (_, i) => (i + 1).toString(16).padStart(24, '0'));
  expect(await runs.integrationIds()).toEqual(ids);
});
