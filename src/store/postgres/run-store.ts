/**
 * Run records in PostgreSQL. As in the data folder, a row of `ended_runs` holds several runs of one integration. Each
 * running run has a row in `running_runs` with its node's name, so that another node can end it if that node dies.
 */
import { cutOff, newestIn, retainedRows } from '../run-rows.ts';
import { RUNS_RETAINED, type RunChanges, type RunStore, type StoredRun } from '../storage.ts';
import { Batches } from './batches.ts';
import type { Database } from './database.ts';
import { groupsOf } from './groups.ts';
import * as statements from './run-statements.ts';

/** Average number of runs between two trims of an integration. They accumulate beyond `RUNS_RETAINED` until then. */
const RUNS_PER_TRIM = 100;
/** Waiting writes share a statement up to this size, so that encoding it does not block the event loop. */
const BATCH_CHARS = 1024 * 1024;
/** Bytes of rows per read. */
const READ_BYTES = 1024 * 1024;
/** Few, because rows with long logs have megabytes. */
const FOUND_AT_ONCE = 16;
/** Concurrent statements that answer many questions each. */
const STATEMENTS_AT_ONCE = 2;

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
  /** The next batch to write, which still takes changes. */
  #open: Batch | undefined;
  /** Resolves when all batches are written. One at a time: otherwise an ended run could be stored as running later. */
  #idle: Promise<unknown> = Promise.resolve();

  constructor(database: Database, node: string) {
    this.#database = database;
    this.#node = node;
    const atOnce = STATEMENTS_AT_ONCE;
    this.#records = new Batches({ atOnce, size: FOUND_AT_ONCE, answer: (runs) => this.#recordsOf(runs) });
    this.#newest = new Batches({ atOnce, size: statements.PAGE_SIZE, answer: (ids) => this.#newestOf(ids) });
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
    const rows = await this.#database.query<{ ids: string }>(statements.ids, [integrationId, this.#node]);
    const all = new Set(rows.flatMap((row) => row.ids.split(',')));
    return [...all].sort().slice(-RUNS_RETAINED);
  }

  newestOf(integrationId: string): Promise<string | undefined> {
    return this.#newest.ask(integrationId);
  }

  async integrationIds(): Promise<string[]> {
    const running = await this.#database.query<{ integration: string }>(statements.runningIntegrations);
    const all = new Set(running.map(({ integration }) => integration));
    for (let last = ''; ; ) {
      const page = await this.#database.query<{ integration: string }>(statements.integrations, [last]);
      for (const { integration } of page) all.add(integration);
      last = page.at(-1)?.integration ?? '';
      if (page.length < statements.PAGE_SIZE) return [...all];
    }
  }

  async *rowsOf(integrationId: string): AsyncGenerator<readonly Run[]> {
    const stored = await this.#database.query<StoredRow>(statements.rows, [integrationId]);
    const retained = retainedRows(
      stored.map(({ ids, bytes, is_running: isRunning }) => ({ ids: ids.split(','), bytes, isRunning })),
    );
    for (const group of groupsOf(retained, { bytes: READ_BYTES })) {
      const keysOf = (isRunning: boolean): string[] => group.filter((row) => row.isRunning === isRunning).map(newestIn);
      const values = [integrationId, keysOf(false), keysOf(true)];
      const found = await this.#database.query<{ records: string; is_running: boolean }>(statements.recordsIn, values);
      for (const { records, is_running } of found) {
        const runs = JSON.parse(records) as Run[];
        yield is_running ? runs.map(cutOff) : runs;
      }
    }
  }

  async forget(integrationId: string): Promise<void> {
    await this.#idle;
    await this.#database.query(statements.forget, [integrationId]);
  }

  /** Ends the running runs of a node that is dead or restarting, with the outcome `cut_off`. */
  async cutOff(node: string): Promise<void> {
    await this.#database.query(statements.cutOffRuns, [node]);
  }

  /** Resolves when all writes are done. */
  async close(): Promise<void> {
    await this.#idle;
  }

  /** The texts of the rows that contain the runs. */
  async #recordsOf(runs: readonly RunKey[]): Promise<(string | undefined)[]> {
    const columns = [runs.map(({ integrationId }) => integrationId), runs.map(({ runId }) => runId)];
    const rows = await this.#database.query<{ number: number; records: string }>(statements.find, [
      ...columns,
      this.#node,
    ]);
    const found = new Map(rows.map(({ number, records }) => [number, records]));
    return runs.map((_, index) => found.get(index + 1));
  }

  async #newestOf(integrationIds: readonly string[]): Promise<(string | undefined)[]> {
    const rows = await this.#database.query<{ number: number; newest: string | null }>(statements.newest, [
      integrationIds,
    ]);
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
    // Callers get the errors of writes. The next trim makes up for a failed one.
    this.#idle = written.then(() => this.#trim(batch)).catch(() => {});
    this.#open = batch;
    return batch;
  }

  async #writeBatch({ running, ended, dropped }: Batch): Promise<void> {
    const [runningRows, endedRows] = [running, ended].map((texts) => `[${[...texts.values()].join()}]`) as [
      string,
      string,
    ];
    await this.#database.query(statements.write, [this.#node, runningRows, endedRows, [...dropped]]);
  }

  async #trim({ trims }: Batch): Promise<void> {
    for (const integrationId of trims) await this.#database.query(statements.trim, [integrationId]);
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
    // Random, because no node knows how many runs the others have written.
    if (Math.random() * RUNS_PER_TRIM < runs.length) batch.trims.add(integration);
  }
  for (const runId of dropped) {
    batch.running.delete(runId);
    batch.dropped.add(runId);
  }
}
