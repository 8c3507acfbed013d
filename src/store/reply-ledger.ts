/**
 * The replies to requests that must not be done twice, by the key that the client gave them. A key is on
 * the disk, synced, before anything of its request is done, together with the id of what that will make:
 * whenever the process is killed or the power goes, what is there tells whether it was done. The reply
 * itself follows without a wait for the disk; without it, the reply is made from what is there.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { openOrQuarantine } from './database-file.ts';
import { StoreError } from './store.ts';

/** How long a key is known. */
const RETAIN_MS = 24 * 3_600_000;
/** Keys that are known; beyond that the oldest go. */
const KEYS = 10_000;
/** Of all replies together; beyond that the oldest go. */
const REPLY_BYTES = 64 * 1024 * 1024;
const SWEEP_EVERY_MS = 3_600_000;

export interface StoredReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

/** What a request is to make: `kind` and `id` of a record, and the status that says that it is there. */
export interface Making {
  readonly kind: string;
  readonly id: string;
  readonly status: number;
}

export interface LedgerEntry {
  /** A digest of the request. */
  readonly request: string;
  readonly making: Making;
  /** Absent: it was begun, and nobody noted an end. */
  readonly reply?: StoredReply;
}

export class ReplyLedger {
  readonly #now: () => number;
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #sweep: NodeJS.Timeout;
  #count: number;
  #bytes: number;

  /** @param onDamage told if the file could not be used; it is set aside then */
  constructor(file: string, { now, onDamage }: { now: () => number; onDamage: (message: string) => void }) {
    this.#now = now;
    this.#database = openOrQuarantine(file, opened, (quarantined) =>
      onDamage(
        `${file} is damaged; it was set aside as ${quarantined}. Keys of requests before now are not known any more.`,
      ),
    );
    this.#find = this.#database.prepare('SELECT request, making, reply FROM replies WHERE key = ? AND at > ?');
    this.#insert = this.#database.prepare('INSERT INTO replies (key, request, making, at) VALUES (?, ?, ?, ?)');
    this.#update = this.#database.prepare('UPDATE replies SET reply = ?, bytes = ? WHERE key = ?');
    this.#delete = this.#database.prepare('DELETE FROM replies WHERE key = ? RETURNING bytes');
    [this.#count, this.#bytes] = this.#measured();
    this.#removeOld();
    this.#sweep = setInterval(() => this.#removeOld(), SWEEP_EVERY_MS);
    this.#sweep.unref();
  }

  find(key: string): LedgerEntry | undefined {
    const row = this.#find.get(key, this.#now() - RETAIN_MS);
    return row && entryOf(row);
  }

  /** Begun without an end: at a start, what the process before was about when it ended. */
  unfinished(): { readonly key: string; readonly making: Making }[] {
    const rows = this.#database.prepare('SELECT key, making FROM replies WHERE reply IS NULL').all();
    return rows.map(({ key, making }) => ({ key: String(key), making: JSON.parse(String(making)) as Making }));
  }

  /** Durable when it returns. @throws StoreError and nothing is noted */
  begin(key: string, { request, making }: LedgerEntry): void {
    try {
      // One that is too old to be found is still there.
      this.#remove(key);
      this.#insert.run(key, request, JSON.stringify(making), this.#now());
    } catch (error) {
      const isFull = (error as { errcode?: number }).errcode === SQLITE_FULL;
      throw new StoreError(isFull ? 'store_full' : 'store_unavailable', 'The key of a request could not be written.', {
        cause: error,
      });
    }
    this.#count++;
    if (this.#count > KEYS) this.#removeOldest();
  }

  finish(key: string, reply: StoredReply): void {
    const text = JSON.stringify(reply);
    const bytes = Buffer.byteLength(text);
    // It survives the process; a machine that loses its power loses the last of them.
    this.#database.exec('PRAGMA synchronous = NORMAL');
    try {
      this.#update.run(text, bytes, key);
    } finally {
      this.#database.exec('PRAGMA synchronous = FULL');
    }
    this.#bytes += bytes;
    if (this.#bytes > REPLY_BYTES) this.#removeOldest();
  }

  /** The request has done nothing: it may be repeated. */
  drop(key: string): void {
    this.#remove(key);
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#database.close();
  }

  #remove(key: string): void {
    const row = this.#delete.get(key);
    if (!row) return;
    this.#count--;
    this.#bytes -= Number(row.bytes);
  }

  #removeOld(): void {
    this.#database.prepare('DELETE FROM replies WHERE at <= ?').run(this.#now() - RETAIN_MS);
    [this.#count, this.#bytes] = this.#measured();
  }

  /** An eighth more than has to go, so that it is not done for each. What is going on stays. */
  #removeOldest(): void {
    const oldest = this.#database
      .prepare('SELECT key, bytes FROM replies WHERE reply IS NOT NULL ORDER BY at')
      .iterate();
    const gone: string[] = [];
    let [count, bytes] = [this.#count, this.#bytes];
    for (const row of oldest) {
      if (count <= (KEYS * 7) / 8 && bytes <= (REPLY_BYTES * 7) / 8) break;
      gone.push(String(row.key));
      count--;
      bytes -= Number(row.bytes);
    }
    this.#database.exec('BEGIN');
    for (const key of gone) this.#remove(key);
    this.#database.exec('COMMIT');
  }

  #measured(): [count: number, bytes: number] {
    const row = this.#database.prepare('SELECT count(*) AS count, total(bytes) AS bytes FROM replies').get();
    return [Number(row?.count), Number(row?.bytes)];
  }
}

const SQLITE_FULL = 13;

function opened(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS replies (
        key TEXT PRIMARY KEY, request TEXT NOT NULL, making TEXT NOT NULL, at INTEGER NOT NULL,
        reply TEXT, bytes INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE INDEX IF NOT EXISTS by_age ON replies (at);
    `);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function entryOf({ request, making, reply }: Record<string, unknown>): LedgerEntry {
  return {
    request: String(request),
    making: JSON.parse(String(making)) as Making,
    ...(reply === null ? {} : { reply: JSON.parse(String(reply)) as StoredReply }),
  };
}
