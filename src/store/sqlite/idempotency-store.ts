/** Requests with an `Idempotency-Key`, in SQLite. */
import type { StatementSync } from 'node:sqlite';
import type { Creation, IdempotencyStore, IdempotentRequest, StoredReply, StoredRequest } from '../storage.ts';
import type { Database } from './database.ts';

/** Keys expire after 24 hours. */
const RETAIN_MS = 24 * 3_600_000;
/** Beyond this many keys, the oldest finished ones are removed. */
const MAX_KEYS = 10_000;
/** All replies together; beyond this, the oldest are removed. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;
const SWEEP_EVERY_MS = 3_600_000;

export class SqliteIdempotencyStore implements IdempotencyStore {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #sweep: NodeJS.Timeout;
  #count = 0;
  #bytes = 0;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    const { sqlite } = database;
    this.#find = sqlite.prepare('SELECT request, creation, reply FROM replies WHERE key = ? AND at > ?');
    this.#insert = sqlite.prepare('INSERT INTO replies (key, request, creation, at) VALUES (?, ?, ?, ?)');
    this.#update = sqlite.prepare('UPDATE replies SET reply = ?, bytes = ? WHERE key = ?');
    this.#delete = sqlite.prepare('DELETE FROM replies WHERE key = ? RETURNING bytes');
    this.#removeExpired();
    this.#sweep = setInterval(() => this.#removeExpired(), SWEEP_EVERY_MS);
    this.#sweep.unref();
  }

  async find(key: string): Promise<IdempotentRequest | undefined> {
    const row = this.#find.get(key, this.#now() - RETAIN_MS);
    return row && requestOf(row);
  }

  async unfinished(): Promise<{ readonly key: string; readonly creation: Creation }[]> {
    const rows = this.#database.sqlite.prepare('SELECT key, creation FROM replies WHERE reply IS NULL').all();
    return rows.map(({ key, creation }) => ({ key: String(key), creation: JSON.parse(String(creation)) as Creation }));
  }

  async begin(key: string, { request, creation }: IdempotentRequest): Promise<boolean> {
    if (this.#find.get(key, this.#now() - RETAIN_MS)) return false;
    this.#database.durably(() => {
      // An expired key may still have its row.
      this.#remove(key);
      this.#insert.run(key, request, JSON.stringify(creation), this.#now());
    });
    this.#count++;
    if (this.#count > MAX_KEYS) this.#removeOldest();
    return true;
  }

  async finish(key: string, reply: StoredReply): Promise<void> {
    const text = JSON.stringify(reply);
    const bytes = Buffer.byteLength(text);
    this.#update.run(text, bytes, key);
    this.#bytes += bytes;
    if (this.#bytes > MAX_REPLY_BYTES) this.#removeOldest();
  }

  async drop(key: string): Promise<void> {
    this.#remove(key);
  }

  async *all(): AsyncGenerator<StoredRequest> {
    const { sqlite } = this.#database;
    const next = sqlite.prepare(
      'SELECT key, request, creation, at, reply FROM replies WHERE key > ? ORDER BY key LIMIT 1',
    );
    for (let key = ''; ; ) {
      const row = next.get(key);
      if (!row) return;
      key = String(row.key);
      yield { key, at: Number(row.at), ...requestOf(row) };
    }
  }

  async put(requests: readonly StoredRequest[]): Promise<void> {
    const insert = this.#database.sqlite.prepare(
      'INSERT INTO replies (key, request, creation, at, reply, bytes) VALUES (?, ?, ?, ?, ?, ?)',
    );
    const write = ({ key, request, creation, at, reply }: StoredRequest): void => {
      const text = reply ? JSON.stringify(reply) : null;
      const bytes = text === null ? 0 : Buffer.byteLength(text);
      this.#remove(key);
      insert.run(key, request, JSON.stringify(creation), at, text, bytes);
      this.#count++;
      this.#bytes += bytes;
    };
    this.#database.durably(() => this.#database.transaction(() => requests.forEach(write)));
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  #remove(key: string): void {
    const row = this.#delete.get(key);
    if (!row) return;
    this.#count--;
    this.#bytes -= Number(row.bytes);
  }

  #removeExpired(): void {
    const { sqlite } = this.#database;
    sqlite.prepare('DELETE FROM replies WHERE at <= ?').run(this.#now() - RETAIN_MS);
    const row = sqlite.prepare('SELECT count(*) AS count, total(bytes) AS bytes FROM replies').get();
    [this.#count, this.#bytes] = [Number(row?.count), Number(row?.bytes)];
  }

  /** Removes down to seven eighths of the limits, so that it need not run for each request. Keeps running requests. */
  #removeOldest(): void {
    const oldest = this.#database.sqlite
      .prepare('SELECT key, bytes FROM replies WHERE reply IS NOT NULL ORDER BY at')
      .iterate();
    const removed: string[] = [];
    let [count, bytes] = [this.#count, this.#bytes];
    for (const row of oldest) {
      if (count <= (MAX_KEYS * 7) / 8 && bytes <= (MAX_REPLY_BYTES * 7) / 8) break;
      removed.push(String(row.key));
      count--;
      bytes -= Number(row.bytes);
    }
    this.#database.transaction(() => {
      for (const key of removed) this.#remove(key);
    });
  }
}

function requestOf({ request, creation, reply }: Record<string, unknown>): IdempotentRequest {
  return {
    request: String(request),
    creation: JSON.parse(String(creation)) as Creation,
    ...(reply === null ? {} : { reply: JSON.parse(String(reply)) as StoredReply }),
  };
}
