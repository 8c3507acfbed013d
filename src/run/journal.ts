/**
 * The last runs of each integration. They are told of often and asked for seldom, and the last moments
 * of a machine that loses its power may be missing: what is written survives the process, without the
 * wait for the disk that documents get.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { basename } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { RunRecord } from './run.ts';

/** Runs kept per integration. */
export const RUNS_KEPT = 100;
/** SQLite's codes for a file that is busy, may not be written, cannot be, or has no room; not for one that is damaged. */
const NOT_DAMAGED = [5, 6, 8, 10, 13];
/** Runs are written together this often; one that is over by then is written once. */
const WRITE_EVERY_MS = 20;
/** So many at a time: who writes more holds up the calls. */
const WRITTEN_AT_ONCE = 100;
/** What waits beyond this is written, however many that are. */
const WAITING = 5_000;
/** So many over the number are let be until the next are removed. */
const SLACK = 25;

export class RunJournal {
  readonly #database: DatabaseSync;
  readonly #write: StatementSync;
  readonly #trim: StatementSync;
  readonly #one: StatementSync;
  readonly #last: StatementSync;
  readonly #newest: StatementSync;
  readonly #onError: (error: unknown) => void;
  /** What is to be written, by integration and run: the newest of each run, and of no more runs than are kept. */
  readonly #waiting = new Map<string, Map<string, RunRecord>>();
  #waitingCount = 0;
  /** Runs written per integration since its last trim. */
  readonly #written = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * Opens the journal, or makes one. The integrations need it not: a file that is no journal is set aside,
   * and with one that cannot be used at the moment the runs are kept in memory.
   *
   * @param onError what could not be written; the runs themselves are not held up by it
   * @returns with a sentence on what is amiss
   */
  static open(file: string, onError: (error: unknown) => void): { journal: RunJournal; problem?: string } {
    const name = basename(file);
    try {
      return { journal: RunJournal.#on(file, onError) };
    } catch (error) {
      const { errcode, message } = error as Error & { errcode?: number };
      try {
        if (errcode !== undefined && NOT_DAMAGED.includes(errcode & 0xff)) throw error;
        const aside = `.${randomUUID()}.damaged`;
        for (const path of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(path)) renameSync(path, path + aside);
        const problem = `${name} is damaged (${message}); it was set aside as ${name}${aside}.`;
        return { journal: RunJournal.#on(file, onError), problem };
      } catch {
        const problem = `${name} cannot be used (${message}); runs are kept in memory until the next start.`;
        return { journal: RunJournal.#on(':memory:', onError), problem };
      }
    }
  }

  static #on(file: string, onError: (error: unknown) => void): RunJournal {
    const database = new DatabaseSync(file);
    try {
      return new RunJournal(database, onError);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  private constructor(database: DatabaseSync, onError: (error: unknown) => void) {
    this.#onError = onError;
    this.#database = database;
    this.#database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
      CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, integration TEXT NOT NULL, record TEXT NOT NULL) STRICT;
      CREATE INDEX IF NOT EXISTS by_integration ON runs (integration, id);
      CREATE INDEX IF NOT EXISTS going_on ON runs (id) WHERE record ->> '$.outcome' = 'running';
      UPDATE runs SET record = json_set(record, '$.outcome', 'cut_off') WHERE record ->> '$.outcome' = 'running';
    `);
    this.#write = this.#database.prepare('INSERT OR REPLACE INTO runs (id, integration, record) VALUES (?, ?, ?)');
    this.#trim = this.#database.prepare(`DELETE FROM runs WHERE integration = ?1 AND id <= (
      SELECT id FROM runs WHERE integration = ?1 ORDER BY id DESC LIMIT 1 OFFSET ${RUNS_KEPT})`);
    this.#one = this.#database.prepare('SELECT record FROM runs WHERE id = ? AND integration = ?');
    this.#last = this.#database.prepare(
      `SELECT id FROM runs WHERE integration = ? ORDER BY id DESC LIMIT ${RUNS_KEPT}`,
    );
    this.#newest = this.#database.prepare('SELECT record FROM runs WHERE integration = ? ORDER BY id DESC LIMIT 1');
  }

  /** @param isAtOnce it is not to be lost, whenever the process is killed */
  put(record: RunRecord, isAtOnce = false): void {
    // A run that outlives the runtime is listed as cut off at the next start.
    if (!this.#database.isOpen) return;
    const { _id, _integrationId } = record;
    if (isAtOnce) {
      this.#forgetWaiting(_integrationId, _id);
      return this.#writeAll([record]);
    }
    let runs = this.#waiting.get(_integrationId);
    if (!runs) {
      runs = new Map();
      this.#waiting.set(_integrationId, runs);
    }
    if (!runs.has(_id)) this.#waitingCount++;
    runs.set(_id, record);
    if (runs.size > 2 * RUNS_KEPT) this.#forgetOldest(_integrationId, runs);
    this.#timer ??= setTimeout(() => this.#writeSome(), WRITE_EVERY_MS);
  }

  find(integrationId: string, runId: string): RunRecord | undefined {
    this.#writeOf(integrationId);
    const row = this.#one.get(runId, integrationId);
    return row && (JSON.parse(String(row.record)) as RunRecord);
  }

  /** Ids of the last `RUNS_KEPT`, oldest first. */
  idsOf(integrationId: string): string[] {
    this.#writeOf(integrationId);
    const rows = this.#last.all(integrationId);
    return rows.reverse().map(({ id }) => String(id));
  }

  /** The newest of an integration. */
  latestOf(integrationId: string): RunRecord | undefined {
    this.#writeOf(integrationId);
    const row = this.#newest.get(integrationId);
    return row && (JSON.parse(String(row.record)) as RunRecord);
  }

  /** The integrations that have runs. */
  integrationIds(): string[] {
    // From one to the next by the index: there may be a hundred rows of each.
    const next = this.#database.prepare('SELECT min(integration) AS integration FROM runs WHERE integration > ?');
    const ids: string[] = [];
    for (let id = ''; ; ids.push(id)) {
      const { integration } = next.get(id) ?? {};
      if (typeof integration !== 'string') return ids;
      id = integration;
    }
  }

  /** Removes the runs of an integration. */
  forget(integrationId: string): void {
    this.#waitingCount -= this.#waiting.get(integrationId)?.size ?? 0;
    this.#waiting.delete(integrationId);
    this.#database.prepare('DELETE FROM runs WHERE integration = ?').run(integrationId);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const integrationId of this.#waiting.keys()) this.#writeOf(integrationId);
    this.#database.close();
  }

  #writeSome(): void {
    this.#timer = undefined;
    const records: RunRecord[] = [];
    const count = Math.max(WRITTEN_AT_ONCE, this.#waitingCount - WAITING);
    for (const [integrationId, runs] of this.#waiting) {
      for (const record of runs.values()) {
        if (records.length === count) break;
        records.push(record);
        runs.delete(record._id);
      }
      if (runs.size > 0) break;
      this.#waiting.delete(integrationId);
    }
    this.#waitingCount -= records.length;
    this.#writeAll(records);
    if (this.#waitingCount > 0) this.#timer = setTimeout(() => this.#writeSome(), WRITE_EVERY_MS);
  }

  #writeOf(integrationId: string): void {
    const runs = this.#waiting.get(integrationId);
    if (!runs) return;
    this.#waiting.delete(integrationId);
    this.#waitingCount -= runs.size;
    this.#writeAll([...runs.values()]);
  }

  #forgetWaiting(integrationId: string, runId: string): void {
    if (this.#waiting.get(integrationId)?.delete(runId)) this.#waitingCount--;
  }

  /** They would be removed again: ids count up. */
  #forgetOldest(integrationId: string, runs: Map<string, RunRecord>): void {
    const oldest = [...runs.keys()].sort().slice(0, -RUNS_KEPT);
    for (const runId of oldest) this.#forgetWaiting(integrationId, runId);
  }

  #writeAll(records: readonly RunRecord[]): void {
    if (records.length === 0) return;
    try {
      this.#database.exec('BEGIN');
      for (const record of records) this.#writeOne(record);
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#onError(error);
    }
  }

  #writeOne(record: RunRecord): void {
    const { _id, _integrationId } = record;
    this.#write.run(_id, _integrationId, JSON.stringify(record));
    const written = (this.#written.get(_integrationId) ?? 0) + 1;
    if (written > SLACK) this.#trim.run(_integrationId);
    this.#written.set(_integrationId, written > SLACK ? 0 : written);
  }
}
