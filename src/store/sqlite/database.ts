/** The SQLite database of a data folder: everything durable except documents and bundles. */
import { existsSync, renameSync } from 'node:fs';
import { basename } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { quarantinePath } from '../data-folder.ts';
import { createPrivately } from '../private-files.ts';
import { StoreError, type StoreProblem } from '../store.ts';

/** `synchronous = NORMAL`: a write survives the process but does not wait for the disk; `durably` waits. */
const SCHEMA = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS ended (
    integration TEXT NOT NULL, newest TEXT NOT NULL, ids TEXT NOT NULL, records TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ended_of ON ended (integration, newest);
  CREATE TABLE IF NOT EXISTS running (id TEXT PRIMARY KEY, integration TEXT NOT NULL, record TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, creation TEXT NOT NULL, at INTEGER NOT NULL,
    reply TEXT, bytes INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX IF NOT EXISTS replies_by_age ON replies (at);
  CREATE TABLE IF NOT EXISTS permissions (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS oauth_clients (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS access_tokens (
    id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, created TEXT NOT NULL, record TEXT NOT NULL,
    revision INTEGER NOT NULL, expires_at INTEGER, last_used_at INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS access_tokens_by_age ON access_tokens (created, id);
  CREATE INDEX IF NOT EXISTS access_tokens_by_expiry ON access_tokens (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS audit (
    time TEXT NOT NULL, id TEXT NOT NULL, writer TEXT NOT NULL, resource TEXT, entry TEXT NOT NULL,
    PRIMARY KEY (time, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS audit_by_resource ON audit (resource, time, id);
  CREATE INDEX IF NOT EXISTS audit_by_writer ON audit (writer, time, id);
  -- The claim is 0 while a job waits in the queue, 1 once it is handed out, and null when it has ended.
  CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, integration TEXT NOT NULL, flow TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL,
    created TEXT NOT NULL, scheduled TEXT, claim INTEGER, record TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS jobs_active ON jobs (flow) WHERE claim IS NOT NULL;
  CREATE UNIQUE INDEX IF NOT EXISTS jobs_by_schedule ON jobs (flow, scheduled) WHERE scheduled IS NOT NULL;
  CREATE INDEX IF NOT EXISTS jobs_queued ON jobs (claim, integration, created, id) WHERE claim IS NOT NULL;
  CREATE INDEX IF NOT EXISTS jobs_by_age ON jobs (created, id);
  -- Counts by the hour read nothing else: records have kilobytes.
  CREATE INDEX IF NOT EXISTS jobs_by_hour ON jobs (created, status, integration);
  CREATE INDEX IF NOT EXISTS jobs_by_integration ON jobs (integration, created, id);
  CREATE INDEX IF NOT EXISTS jobs_by_flow ON jobs (flow, created, id);
  CREATE TABLE IF NOT EXISTS last_scheduled (flow TEXT PRIMARY KEY, integration TEXT NOT NULL, at TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS last_scheduled_by_integration ON last_scheduled (integration);
  CREATE TABLE IF NOT EXISTS job_errors (
    job TEXT NOT NULL, id TEXT NOT NULL, page INTEGER NOT NULL, is_resolved INTEGER NOT NULL,
    error TEXT NOT NULL, data TEXT, PRIMARY KEY (job, id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS job_errors_by_page ON job_errors (job, page);
  CREATE INDEX IF NOT EXISTS job_errors_by_resolution ON job_errors (job, is_resolved);
  CREATE TABLE IF NOT EXISTS messages (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, integration TEXT NOT NULL, export TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS messages_by_export ON messages (export, position);
  CREATE INDEX IF NOT EXISTS messages_by_integration ON messages (integration);
`;

/**
 * SQLite's primary result codes for another schema (1), a damaged file (11), a file that cannot be opened, such as a
 * folder (14), rows that break a constraint or type (19, 20), and a file that is not a database (26).
 */
const DAMAGE_CODES = [1, 11, 14, 19, 20, 26];
const SQLITE_FULL = 13;

export class Database {
  readonly sqlite: DatabaseSync;

  private constructor(sqlite: DatabaseSync) {
    this.sqlite = sqlite;
  }

  static inMemory(): Database {
    return new Database(connect(':memory:'));
  }

  /**
   * Opens or creates the file. A damaged file is quarantined together with its write-ahead log, which may hold the last
   * changes: SQLite would delete the log next to a new database.
   *
   * @param sql runs on opening; if it fails with a damage code, the file counts as damaged
   * @throws StoreError if an undamaged file cannot be used, for example because it is locked or the disk is full
   */
  static open(file: string, onProblem: (problem: StoreProblem) => void, sql = ''): Database {
    createPrivately(file);
    try {
      return new Database(connect(file, sql));
    } catch (error) {
      if (!isDamage(error)) throw asStoreError(error, `${file} cannot be used (${(error as Error).message}).`);
      onProblem(quarantine(file, error as Error));
      createPrivately(file);
      const database = new Database(connect(file));
      database.markLost();
      return database;
    }
  }

  /** An earlier file was damaged, and its records are lost. */
  get hasLostRecords(): boolean {
    return this.setting(LOST_RECORDS) === 'true';
  }

  markLost(): void {
    this.setSetting(LOST_RECORDS, 'true');
  }

  setting(name: string): string | undefined {
    const value = this.sqlite.prepare('SELECT value FROM settings WHERE name = ?').get(name)?.value;
    return value === undefined ? undefined : String(value);
  }

  setSetting(name: string, value: string): void {
    this.durably(() => this.sqlite.prepare('INSERT OR REPLACE INTO settings VALUES (?, ?)').run(name, value));
  }

  /** Sets a setting unless it is set, even by another process. @returns what is stored */
  ensureSetting(name: string, value: string): string {
    const insert = this.sqlite.prepare('INSERT OR IGNORE INTO settings VALUES (?, ?)');
    this.durably(() => insert.run(name, value));
    return this.setting(name) as string;
  }

  /** Runs `work` in a transaction; rolls back if it throws. */
  transaction(work: () => void): void {
    this.sqlite.exec('BEGIN');
    try {
      work();
      this.sqlite.exec('COMMIT');
    } catch (error) {
      if (this.sqlite.isTransaction) this.sqlite.exec('ROLLBACK');
      throw error;
    }
  }

  /** Everything `work` writes is on disk when it returns. @throws StoreError */
  durably<T>(work: () => T): T {
    this.sqlite.exec('PRAGMA synchronous = FULL');
    try {
      return this.write(work);
    } finally {
      this.sqlite.exec('PRAGMA synchronous = NORMAL');
    }
  }

  /** Everything `work` writes survives the process. @throws StoreError */
  write<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asStoreError(error, `The data folder's database could not be written (${(error as Error).message}).`);
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.sqlite.isOpen) this.sqlite.close();
  }
}

const LOST_RECORDS = 'lost-records';

function connect(file: string, sql = ''): DatabaseSync {
  const sqlite = new DatabaseSync(file);
  try {
    sqlite.exec(SCHEMA + sql);
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

export const isDamage = (error: unknown): boolean =>
  DAMAGE_CODES.includes(((error as { errcode?: number }).errcode ?? 0) & 0xff);

/** Renames a damaged file and its log. @returns what to report */
export function quarantine(file: string, { message: reason }: Error): StoreProblem {
  const suffix = quarantinePath('');
  for (const path of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(path)) renameSync(path, path + suffix);
  const name = basename(file);
  return { name, message: `${name} is damaged (${reason}); it was set aside as ${name}${suffix}.` };
}

function asStoreError(error: unknown, message: string): StoreError {
  const isFull = (error as { errcode?: number }).errcode === SQLITE_FULL;
  return new StoreError(isFull ? 'store_full' : 'store_unavailable', message, { cause: error });
}
