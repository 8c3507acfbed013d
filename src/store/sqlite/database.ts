/** The SQLite file of a data folder: everything durable that is neither a document nor a bundle. */
import { existsSync, renameSync } from 'node:fs';
import { basename } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { quarantinePath } from '../data-folder.ts';
import { createPrivately } from '../private-files.ts';
import { StoreError, type StoreProblem } from '../store.ts';

/** A write survives the process without a wait for the disk; `durably` waits. */
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
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;

/**
 * SQLite's primary result codes for a file of another shape (1), a damaged one (11), one that cannot be opened, a
 * folder say (14), content that breaks its tables' rules (19, 20), and no database at all (26).
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
   * Opens the file, or creates it. A damaged one is quarantined with its log, in which the last changes may be:
   * SQLite deletes a log that it finds beside a new database.
   *
   * @param sql run at once; a file is also damaged if that fails
   * @throws StoreError for a file that is not damaged and cannot be used: busy, say, or on a full disk
   */
  static open(file: string, onProblem: (problem: StoreProblem) => void, sql = ''): Database {
    createPrivately(file);
    try {
      return new Database(connect(file, sql));
    } catch (error) {
      if (!isDamage(error)) throw asStoreError(error, `${file} cannot be used (${(error as Error).message}).`);
      const quarantined = quarantine(file);
      const message = `${basename(file)} is damaged (${(error as Error).message}); it was set aside as ${basename(quarantined)}.`;
      onProblem({ name: basename(file), message });
      createPrivately(file);
      const database = new Database(connect(file));
      database.setSetting(LOST_RECORDS, 'true');
      return database;
    }
  }

  /** The file before this one was damaged, and what it held is lost. */
  get hasLostRecords(): boolean {
    return this.setting(LOST_RECORDS) === 'true';
  }

  setting(name: string): string | undefined {
    const value = this.sqlite.prepare('SELECT value FROM settings WHERE name = ?').get(name)?.value;
    return value === undefined ? undefined : String(value);
  }

  setSetting(name: string, value: string): void {
    this.durably(() => this.sqlite.prepare('INSERT OR REPLACE INTO settings VALUES (?, ?)').run(name, value));
  }

  /** All of what is written in it, or nothing. */
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

  /** What it writes is on the disk when it returns. @throws StoreError */
  durably<T>(work: () => T): T {
    this.sqlite.exec('PRAGMA synchronous = FULL');
    try {
      return work();
    } catch (error) {
      throw asStoreError(error, `The data folder's database could not be written (${(error as Error).message}).`);
    } finally {
      this.sqlite.exec('PRAGMA synchronous = NORMAL');
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

/** @returns where the file is now */
export function quarantine(file: string): string {
  const suffix = quarantinePath('');
  for (const path of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(path)) renameSync(path, path + suffix);
  return file + suffix;
}

function asStoreError(error: unknown, message: string): StoreError {
  const isFull = (error as { errcode?: number }).errcode === SQLITE_FULL;
  return new StoreError(isFull ? 'store_full' : 'store_unavailable', message, { cause: error });
}
