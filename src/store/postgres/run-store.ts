/**
 * Run records in PostgreSQL. A row of `ended_runs` holds several runs of one integration, as in the data folder. Each
 * running run has a row in `running_runs` with its node's name, so that another node can end the runs of a dead one.
 */
import { cutOff, newestIn, retainedRows } from '../run-rows.ts';
import { RUNS_RETAINED, type RunChanges, type RunStore, type StoredRun } from '../storage.ts';
import { Batches } from './batches.ts';
import { type Database, NO_WAIT_FOR_DISK, type Statement } from './database.ts';
import { groupsOf } from './groups.ts';

/** Runs of an integration between two trims, on average. Until then they accumulate beyond `RUNS_RETAINED`. */
const RUNS_PER_TRIM = 100;
/** Writes that wait share a statement up to this many characters, so that encoding it does not hold the event loop. */
const BATCH_CHARS = 1024 * 1024;
/** Rows that are read together have up to so many bytes. */
const READ_BYTES = 1024 * 1024;
/** Integrations per statement. */
const PAGE_SIZE = 1_000;

/**
 * Rows come as JSON because pg escapes the elements of an array one character at a time: 200 ms for a hostile record
 * of 3 MB, against 20 ms. A row with the same key is of a node that was taken for dead, and the later one is right.
 */
const write: Statement = {
  name: 'runs-write',
  text: `
    WITH begun AS (
      INSERT INTO bulkhead.running_runs (integration, id, node, record)
      SELECT integration, id, $1, record FROM json_to_recordset($2) AS run (integration text, id text, record text)
      ON CONFLICT (integration, id) DO UPDATE SET node = excluded.node, record = excluded.record
    ), ended AS (
      INSERT INTO bulkhead.ended_runs (integration, newest, ids, records)
      SELECT integration, newest, ids, records
      FROM json_to_recordset($3) AS run (integration text, newest text, ids text, records text)
      ON CONFLICT (integration, newest) DO UPDATE SET ids = excluded.ids, records = excluded.records
    ), dropped AS (
      DELETE FROM bulkhead.running_runs WHERE id = ANY ($4)
    )
    ${NO_WAIT_FOR_DISK}`,
};

/**
 * Runs by their integrations ($1) and ids ($2). Ids count up, so a run is in a row whose newest run is not older. If a
 * run was cut off and ended after all, its node's row is the longer one. A run that another node than this ($3) is
 * running is found, too.
 */
const find: Statement = {
  name: 'runs-find',
  text: `
    SELECT run.number::int, found.records
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS run (integration, id, number), LATERAL (
      SELECT records, length(ids) AS chars FROM bulkhead.ended_runs AS ended
      WHERE ended.integration = run.integration AND newest >= run.id AND strpos(ids, run.id) > 0
      UNION ALL
      SELECT '[' || record || ']', 0 FROM bulkhead.running_runs AS running
      WHERE running.integration = run.integration AND running.id = run.id AND node <> $3
      ORDER BY chars DESC LIMIT 1
    ) AS found`,
};
/** Rows of runs with long logs have megabytes. */
const FOUND_AT_ONCE = 16;

/** Each row has at least one run, and none that is newer than its `newest`. */
const ids: Statement = {
  name: 'runs-ids',
  text: `
    (SELECT ids FROM bulkhead.ended_runs WHERE integration = $1 ORDER BY newest DESC LIMIT ${RUNS_RETAINED})
    UNION ALL SELECT id FROM bulkhead.running_runs WHERE integration = $1 AND node <> $2`,
};

const newest: Statement = {
  name: 'runs-newest',
  text: `
    SELECT number::int, (SELECT max(newest) FROM bulkhead.ended_runs WHERE integration = asked.id) AS newest
    FROM unnest($1::text[]) WITH ORDINALITY AS asked (id, number)`,
};
/** Statements at once, of those that answer many questions. */
const STATEMENTS_AT_ONCE = 2;

const trim: Statement = {
  name: 'runs-trim',
  text: `
    WITH trimmed AS (
      DELETE FROM bulkhead.ended_runs WHERE integration = $1 AND newest < (
        SELECT id FROM bulkhead.ended_runs AS run, unnest(string_to_array(run.ids, ',')) AS id
        WHERE run.integration = $1 ORDER BY id DESC OFFSET ${RUNS_RETAINED - 1} LIMIT 1
      )
    )
    ${NO_WAIT_FOR_DISK}`,
};

/** Skips from id to id through the index, because an integration may have a hundred rows. */
const integrations: Statement = {
  name: 'runs-integrations',
  text: `
    WITH RECURSIVE page (integration, number) AS (
      (SELECT integration, 1 FROM bulkhead.ended_runs WHERE integration > $1 ORDER BY integration LIMIT 1)
      UNION ALL
      SELECT next.integration, number + 1 FROM page, LATERAL (
        SELECT integration FROM bulkhead.ended_runs AS run
        WHERE run.integration > page.integration ORDER BY integration LIMIT 1
      ) AS next
      WHERE number < ${PAGE_SIZE}
    )
    SELECT integration FROM page`,
};

const runningIntegrations: Statement = {
  name: 'runs-running-integrations',
  text: 'SELECT DISTINCT integration FROM bulkhead.running_runs',
};

const rows: Statement = {
  name: 'runs-rows',
  text: `
    SELECT ids, octet_length(records) AS bytes, false AS is_running FROM bulkhead.ended_runs WHERE integration = $1
    UNION ALL
    SELECT id, octet_length(record), true FROM bulkhead.running_runs WHERE integration = $1`,
};

/** Ended rows by their newest run ($2), and running runs ($3). */
const recordsIn: Statement = {
  name: 'runs-records-in',
  text: `
    SELECT newest, records, false AS is_running FROM bulkhead.ended_runs WHERE integration = $1 AND newest = ANY ($2)
    UNION ALL
    SELECT id, '[' || record || ']', true FROM bulkhead.running_runs WHERE integration = $1 AND id = ANY ($3)
    ORDER BY newest`,
};

const forget: Statement = {
  name: 'runs-forget',
  text: `
    WITH running AS (DELETE FROM bulkhead.running_runs WHERE integration = $1)
    DELETE FROM bulkhead.ended_runs WHERE integration = $1`,
};

/** Of two equal keys JSON.parse takes the last. PostgreSQL's own JSON functions refuse the escape of U+0000. */
const cutOffRuns: Statement = {
  name: 'runs-cut-off',
  text: `
    WITH cut AS (DELETE FROM bulkhead.running_runs WHERE node = $1 RETURNING integration, id, record)
    INSERT INTO bulkhead.ended_runs (integration, newest, ids, records)
    SELECT integration, id, id, '[' || left(record, -1) || ',"outcome":"cut_off"}]' FROM cut
    ON CONFLICT (integration, newest) DO NOTHING`,
};

interface RunKey {
  readonly integrationId: string;
  readonly runId: string;
}

/** The changes of one statement; rows are JSON. */
interface Batch {
  /** By the run's id. */
  readonly running: Map<string, string>;
  /** By the newest run's id. */
  readonly ended: Map<string, string>;
  readonly dropped: Set<string>;
  /** Integrations to trim. */
  readonly trims: Set<string>;
  chars: number;
  written: Promise<void>;
}

export class PostgresRunStore<Run extends StoredRun> implements RunStore<Run> {
  readonly #database: Database;
  readonly #node: string;
  readonly #records: Batches<RunKey, string | undefined>;
  readonly #newest: Batches<string, string | undefined>;
  /** The batch that takes further changes until its turn comes. */
  #open: Batch | undefined;
  /** Resolves when all batches are written: one at a time, or a run that ended could be stored as running later. */
  #idle: Promise<unknown> = Promise.resolve();

  constructor(database: Database, node: string) {
    this.#database = database;
    this.#node = node;
    const atOnce = STATEMENTS_AT_ONCE;
    this.#records = new Batches({ atOnce, size: FOUND_AT_ONCE, answer: (runs) => this.#recordsOf(runs) });
    this.#newest = new Batches({ atOnce, size: PAGE_SIZE, answer: (ids) => this.#newestOf(ids) });
  }

  async write(changes: RunChanges<Run>): Promise<void> {
    const batch = this.#openBatch();
    add(batch, changes);
    return batch.written;
  }

  async find(integrationId: string, runId: string): Promise<Run | undefined> {
    const records = await this.#records.ask({ integrationId, runId });
    return records === undefined ? undefined : (JSON.parse(records) as Run[]).find(({ _id }) => _id === runId);
  }

  async idsOf(integrationId: string): Promise<string[]> {
    const rows = await this.#database.query<{ ids: string }>(ids, [integrationId, this.#node]);
    const all = new Set(rows.flatMap((row) => row.ids.split(',')));
    return [...all].sort().slice(-RUNS_RETAINED);
  }

  newestOf(integrationId: string): Promise<string | undefined> {
    return this.#newest.ask(integrationId);
  }

  async integrationIds(): Promise<string[]> {
    const running = await this.#database.query<{ integration: string }>(runningIntegrations);
    const all = new Set(running.map(({ integration }) => integration));
    for (let last = ''; ; ) {
      const page = await this.#database.query<{ integration: string }>(integrations, [last]);
      for (const { integration } of page) all.add(integration);
      last = page.at(-1)?.integration ?? '';
      if (page.length < PAGE_SIZE) return [...all];
    }
  }

  async *rowsOf(integrationId: string): AsyncGenerator<readonly Run[]> {
    const stored = await this.#database.query<StoredRow>(rows, [integrationId]);
    const retained = retainedRows(
      stored.map(({ ids, bytes, is_running: isRunning }) => ({ ids: ids.split(','), bytes, isRunning })),
    );
    for (const group of groupsOf(retained, READ_BYTES)) {
      const keysOf = (isRunning: boolean): string[] => group.filter((row) => row.isRunning === isRunning).map(newestIn);
      const values = [integrationId, keysOf(false), keysOf(true)];
      const found = await this.#database.query<{ records: string; is_running: boolean }>(recordsIn, values);
      for (const { records, is_running } of found) {
        const runs = JSON.parse(records) as Run[];
        yield is_running ? runs.map(cutOff) : runs;
      }
    }
  }

  async forget(integrationId: string): Promise<void> {
    await this.#idle;
    await this.#database.query(forget, [integrationId]);
  }

  /** Ends the running runs of a node that is dead, or that starts again under its name, with the outcome `cut_off`. */
  async cutOff(node: string): Promise<void> {
    await this.#database.query(cutOffRuns, [node]);
  }

  /** Resolves when all writes are done. */
  async close(): Promise<void> {
    await this.#idle;
  }

  /** The texts of the rows that contain the runs. */
  async #recordsOf(runs: readonly RunKey[]): Promise<(string | undefined)[]> {
    const columns = [runs.map(({ integrationId }) => integrationId), runs.map(({ runId }) => runId)];
    const rows = await this.#database.query<{ number: number; records: string }>(find, [...columns, this.#node]);
    const found = new Map(rows.map(({ number, records }) => [number, records]));
    return runs.map((_, index) => found.get(index + 1));
  }

  async #newestOf(integrationIds: readonly string[]): Promise<(string | undefined)[]> {
    const rows = await this.#database.query<{ number: number; newest: string | null }>(newest, [integrationIds]);
    const found = new Map(rows.map(({ number, newest }) => [number, newest]));
    return integrationIds.map((_, index) => found.get(index + 1) ?? undefined);
  }

  #openBatch(): Batch {
    if (this.#open && this.#open.chars < BATCH_CHARS) return this.#open;
    const written = this.#idle.then(() => {
      if (this.#open === batch) this.#open = undefined;
      return this.#writeBatch(batch);
    });
    const batch: Batch = {
      running: new Map(),
      ended: new Map(),
      dropped: new Set(),
      trims: new Set(),
      chars: 0,
      written,
    };
    // The writers see errors of a write. A failed trim is made up for by the next.
    this.#idle = written.then(() => this.#trim(batch)).catch(() => {});
    this.#open = batch;
    return batch;
  }

  async #writeBatch({ running, ended, dropped }: Batch): Promise<void> {
    const [begun, rows] = [running, ended].map((texts) => `[${[...texts.values()].join()}]`) as [string, string];
    await this.#database.query(write, [this.#node, begun, rows, [...dropped]]);
  }

  async #trim({ trims }: Batch): Promise<void> {
    for (const integrationId of trims) await this.#database.query(trim, [integrationId]);
  }
}

interface StoredRow {
  readonly ids: string;
  readonly bytes: number;
  readonly is_running: boolean;
}

function add(batch: Batch, { running = [], ended = [], dropped = [] }: RunChanges<StoredRun>): void {
  for (const run of running) {
    const row = JSON.stringify({ integration: run._integrationId, id: run._id, record: JSON.stringify(run) });
    batch.running.set(run._id, row);
    batch.chars += row.length;
  }
  for (const runs of ended) {
    const integration = (runs[0] as StoredRun)._integrationId;
    const runIds = runs.map(({ _id }) => _id).sort();
    const last = runIds.at(-1) as string;
    const row = JSON.stringify({ integration, newest: last, ids: runIds.join(), records: JSON.stringify(runs) });
    batch.ended.set(last, row);
    batch.chars += row.length;
    // At random, because no node knows how many runs the others have written.
    if (Math.random() * RUNS_PER_TRIM < runs.length) batch.trims.add(integration);
  }
  for (const runId of dropped) {
    batch.running.delete(runId);
    batch.dropped.add(runId);
  }
}
