/**
 * Run records in SQLite. A row of `ended` holds several runs of one integration, because a row costs ten times as much
 * to write as a run in it. Each running run has a row in `running`, which survives a crash.
 */
import type { StatementSync } from 'node:sqlite';
import { cutOff, retainedRows } from '../run-rows.ts';
import { RUNS_RETAINED, type RunChanges, type RunStore, type StoredRun } from '../storage.ts';
import type { Database } from './database.ts';

/** Ended runs beyond `RUNS_RETAINED` that may accumulate before a trim, so that not every write has to trim. */
const SLACK = 100;

/**
 * Run at start: runs still listed as running were cut off when their process died. Without `WHERE`, the statement would
 * write even if there are none, which fails on a full disk.
 */
export const CUT_OFF = `
  INSERT INTO ended SELECT integration, id, id, json_array(json_set(record, '$.outcome', 'cut_off')) FROM running;
  DELETE FROM running WHERE true;
`;

export class SqliteRunStore<Run extends StoredRun> implements RunStore<Run> {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #removeOlder: StatementSync;
  readonly #ids: StatementSync;
  readonly #newest: StatementSync;
  readonly #containing: StatementSync;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  /** Runs written per integration since its last trim. */
  readonly #written = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
    const { sqlite } = database;
    this.#insert = sqlite.prepare('INSERT INTO ended (integration, newest, ids, records) VALUES (?, ?, ?, ?)');
    this.#removeOlder = sqlite.prepare('DELETE FROM ended WHERE integration = ? AND newest < ?');
    this.#ids = sqlite.prepare('SELECT ids FROM ended WHERE integration = ?');
    this.#newest = sqlite.prepare('SELECT max(newest) AS id FROM ended WHERE integration = ?');
    this.#containing = sqlite.prepare('SELECT records FROM ended WHERE integration = ? AND instr(ids, ?)');
    this.#begin = sqlite.prepare('INSERT OR REPLACE INTO running (id, integration, record) VALUES (?, ?, ?)');
    this.#end = sqlite.prepare('DELETE FROM running WHERE id = ?');
  }

  async write({ running = [], ended = [], dropped = [] }: RunChanges<Run>): Promise<void> {
    this.#database.transaction(() => {
      for (const run of running) this.#begin.run(run._id, run._integrationId, JSON.stringify(run));
      for (const runs of ended) this.#insertEnded(runs);
      for (const runId of dropped) this.#end.run(runId);
    });
  }

  async find(integrationId: string, runId: string): Promise<Run | undefined> {
    for (const { records } of this.#containing.all(integrationId, runId)) {
      const found = (JSON.parse(String(records)) as Run[]).find(({ _id }) => _id === runId);
      if (found) return found;
    }
    return undefined;
  }

  async idsOf(integrationId: string): Promise<string[]> {
    return this.#idsOf(integrationId);
  }

  async newestOf(integrationId: string): Promise<string | undefined> {
    return (this.#newest.get(integrationId)?.id ?? undefined) as string | undefined;
  }

  async integrationIds(): Promise<string[]> {
    // Skips from id to id through the index, because an integration may have a hundred rows.
    const { sqlite } = this.#database;
    const next = sqlite.prepare('SELECT min(integration) AS id FROM ended WHERE integration > ?');
    const running = sqlite.prepare('SELECT DISTINCT integration FROM running').all();
    const ids = new Set(running.map(({ integration }) => String(integration)));
    for (let id = ''; ; ids.add(id)) {
      const found = next.get(id)?.id;
      if (typeof found !== 'string') return [...ids];
      id = found;
    }
  }

  async *rowsOf(integrationId: string): AsyncGenerator<readonly Run[]> {
    const { sqlite } = this.#database;
    const ended = sqlite.prepare('SELECT rowid, ids FROM ended WHERE integration = ?').all(integrationId);
    const running = sqlite.prepare('SELECT rowid, id AS ids FROM running WHERE integration = ?').all(integrationId);
    const rowsIn = (rows: typeof ended, isRunning: boolean) =>
      rows.map(({ rowid, ids }) => ({ rowid: Number(rowid), ids: String(ids).split(','), isRunning }));
    const records = sqlite.prepare('SELECT records FROM ended WHERE rowid = ?');
    const record = sqlite.prepare('SELECT record FROM running WHERE rowid = ?');
    for (const { rowid, isRunning } of retainedRows([...rowsIn(ended, false), ...rowsIn(running, true)])) {
      // A run may end, and a row be trimmed, between two steps.
      const text = isRunning ? record.get(rowid)?.record : records.get(rowid)?.records;
      if (text === undefined) continue;
      const parsed = JSON.parse(String(text)) as Run & Run[];
      yield isRunning ? [cutOff(parsed)] : parsed;
    }
  }

  async forget(integrationId: string): Promise<void> {
    this.#written.delete(integrationId);
    this.#database.sqlite.prepare('DELETE FROM ended WHERE integration = ?').run(integrationId);
    this.#database.sqlite.prepare('DELETE FROM running WHERE integration = ?').run(integrationId);
  }

  /** Ids count up, so the last in order is the newest. */
  #insertEnded(runs: readonly Run[]): void {
    const integrationId = (runs[0] as Run)._integrationId;
    const ids = runs.map(({ _id }) => _id).sort();
    this.#insert.run(integrationId, ids.at(-1) as string, ids.join(), JSON.stringify(runs));
    const written = (this.#written.get(integrationId) ?? 0) + ids.length;
    if (written > SLACK) this.#removeOlder.run(integrationId, this.#idsOf(integrationId)[0] as string);
    this.#written.set(integrationId, written > SLACK ? 0 : written);
  }

  #idsOf(integrationId: string): string[] {
    const ids = this.#ids.all(integrationId).flatMap((row) => String(row.ids).split(','));
    return ids.sort().slice(-RUNS_RETAINED);
  }
}
