/**
 * Run records in SQLite. A row holds a few runs of one integration that have ended: to write a row costs
 * ten times what a run in it does. Runs that go on have a row each, for those that outlive the process.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { RunRecord } from './run.ts';

/** Runs kept per integration. */
export const RUNS_RETAINED = 100;
/** So many over the number are let be until the next are removed. */
const SLACK = 100;

export class RunTable {
  readonly #database: DatabaseSync;
  readonly #write: StatementSync;
  readonly #removeOlder: StatementSync;
  readonly #ids: StatementSync;
  readonly #newest: StatementSync;
  readonly #containing: StatementSync;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  /** Runs written per integration since its last trim. */
  readonly #written = new Map<string, number>();

  /** Opens a file, or makes one; runs that went on when it was closed have been cut off. */
  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    try {
      this.#database.exec(`
        PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
        CREATE TABLE IF NOT EXISTS ended (
          integration TEXT NOT NULL, newest TEXT NOT NULL, ids TEXT NOT NULL, records TEXT NOT NULL
        ) STRICT;
        CREATE INDEX IF NOT EXISTS ended_of ON ended (integration, newest);
        CREATE TABLE IF NOT EXISTS going_on (id TEXT PRIMARY KEY, integration TEXT NOT NULL, record TEXT NOT NULL) STRICT;
        INSERT INTO ended SELECT integration, id, id, json_array(json_set(record, '$.outcome', 'cut_off')) FROM going_on;
        DELETE FROM going_on;
      `);
      this.#write = this.#database.prepare('INSERT INTO ended (integration, newest, ids, records) VALUES (?, ?, ?, ?)');
      this.#removeOlder = this.#database.prepare('DELETE FROM ended WHERE integration = ? AND newest < ?');
      this.#ids = this.#database.prepare('SELECT ids FROM ended WHERE integration = ?');
      this.#newest = this.#database.prepare('SELECT max(newest) AS id FROM ended WHERE integration = ?');
      this.#containing = this.#database.prepare('SELECT records FROM ended WHERE integration = ? AND instr(ids, ?)');
      this.#begin = this.#database.prepare(
        'INSERT OR REPLACE INTO going_on (id, integration, record) VALUES (?, ?, ?)',
      );
      this.#end = this.#database.prepare('DELETE FROM going_on WHERE id = ?');
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  /** All of what is written in it, or nothing. */
  transaction(work: () => void): void {
    this.#database.exec('BEGIN');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  writeRunning(record: RunRecord): void {
    this.#begin.run(record._id, record._integrationId, JSON.stringify(record));
  }

  removeRunning(runId: string): void {
    this.#end.run(runId);
  }

  /** A row of runs of one integration. Ids count up: the last of them is the newest. */
  writeEnded(integrationId: string, records: readonly RunRecord[]): void {
    const ids = records.map(({ _id }) => _id).sort();
    this.#write.run(integrationId, ids.at(-1) as string, ids.join(), JSON.stringify(records));
    const written = (this.#written.get(integrationId) ?? 0) + ids.length;
    if (written > SLACK) this.#removeOlder.run(integrationId, this.idsOf(integrationId)[0] as string);
    this.#written.set(integrationId, written > SLACK ? 0 : written);
  }

  find(integrationId: string, runId: string): RunRecord | undefined {
    for (const { records } of this.#containing.all(integrationId, runId)) {
      const found = (JSON.parse(String(records)) as RunRecord[]).find(({ _id }) => _id === runId);
      if (found) return found;
    }
    return undefined;
  }

  /** Ids of the last `RUNS_KEPT` that have ended, oldest first. */
  idsOf(integrationId: string): string[] {
    const ids = this.#ids.all(integrationId).flatMap((row) => String(row.ids).split(','));
    return ids.sort().slice(-RUNS_RETAINED);
  }

  /** The id of the last that has ended. */
  newestOf(integrationId: string): string | undefined {
    return (this.#newest.get(integrationId)?.id ?? undefined) as string | undefined;
  }

  /** The integrations that have runs. */
  integrationIds(): string[] {
    // From one to the next by the index: there may be a hundred rows of each.
    const next = this.#database.prepare('SELECT min(integration) AS integration FROM ended WHERE integration > ?');
    const ids: string[] = [];
    for (let id = ''; ; ids.push(id)) {
      const { integration } = next.get(id) ?? {};
      if (typeof integration !== 'string') return ids;
      id = integration;
    }
  }

  /** Removes the runs of an integration. */
  forget(integrationId: string): void {
    this.#written.delete(integrationId);
    this.#database.prepare('DELETE FROM ended WHERE integration = ?').run(integrationId);
    this.#database.prepare('DELETE FROM going_on WHERE integration = ?').run(integrationId);
  }

  close(): void {
    this.#database.close();
  }
}
