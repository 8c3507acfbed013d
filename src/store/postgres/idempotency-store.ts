/**
 * Requests with an `Idempotency-Key`, in PostgreSQL. A running request belongs to its node. The database's clock
 * decides when a key expires, because the nodes' clocks differ.
 */
import type {
  Creation,
  IdempotencyStore,
  IdempotentRequest,
  StoredReply,
  StoredRequest,
  UnfinishedRequest,
} from '../storage.ts';
import { type Database, NO_WAIT_FOR_DISK, type Statement } from './database.ts';
import { databaseNow as now } from './database-now.ts';

/** Keys expire after 24 hours. */
const RETAIN_MS = 24 * 3_600_000;
/** Beyond this many keys, the oldest finished ones are removed. */
const MAX_KEYS = 10_000;
/** Limit of all replies together. The oldest are removed first. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;
const SWEEP_EVERY_MS = 600_000;
/** A node that has added this fraction of a limit sweeps early. */
const EARLY_SWEEP_PART = 1 / 8;
/** Keys and reply bytes per read. */
const PAGE_SIZE = 1_000;
const PAGE_BYTES = 1024 * 1024;

const find: Statement = {
  name: 'keys-find',
  text: `
    SELECT node, request, creation, status, headers, body FROM bulkhead.idempotency_keys
    WHERE key = $1 AND at > ${now('$2')} - ${RETAIN_MS}`,
};

const begin: Statement = {
  name: 'keys-begin',
  text: `
    INSERT INTO bulkhead.idempotency_keys AS stored (key, node, request, creation, at)
    VALUES ($1, $2, $3, $4, ${now('$5')})
    ON CONFLICT (key) DO UPDATE SET
      node = excluded.node, request = excluded.request, creation = excluded.creation, at = excluded.at,
      status = NULL, headers = NULL, body = NULL, bytes = 0
    WHERE stored.at <= excluded.at - ${RETAIN_MS}
    RETURNING key`,
};

/** The body has its own column: it may be megabytes of JSON, which would be escaped inside the reply's JSON. */
const finish: Statement = {
  name: 'keys-finish',
  text: `
    WITH finished AS (
      UPDATE bulkhead.idempotency_keys
      SET status = $3, headers = $4, body = $5, bytes = octet_length($4) + octet_length($5)
      WHERE key = $1 AND node = $2
    )
    ${NO_WAIT_FOR_DISK}`,
};

const drop: Statement = {
  name: 'keys-drop',
  text: `
    WITH dropped AS (DELETE FROM bulkhead.idempotency_keys WHERE key = $1 AND node = $2)
    ${NO_WAIT_FOR_DISK}`,
};

const unfinished: Statement = {
  name: 'keys-unfinished',
  text: 'SELECT key, creation FROM bulkhead.idempotency_keys WHERE node = $1 AND status IS NULL',
};

const adopt: Statement = {
  name: 'keys-adopt',
  text: `
    UPDATE bulkhead.idempotency_keys SET node = $1 WHERE key IN (
      SELECT key FROM bulkhead.idempotency_keys WHERE node = $2 AND status IS NULL FOR UPDATE SKIP LOCKED
    )
    RETURNING key, creation`,
};

/** Nodes that sweep at the same time skip each other's keys. A key that was reused meanwhile has another `at`. */
const sweep: Statement = {
  name: 'keys-sweep',
  text: `
    WITH counted AS (
      SELECT key, at, status IS NOT NULL AS is_finished, count(*) OVER newest AS keys, sum(bytes) OVER newest AS bytes
      FROM bulkhead.idempotency_keys WINDOW newest AS (ORDER BY at DESC, key ROWS UNBOUNDED PRECEDING)
    ), surplus AS (
      SELECT stored.key FROM bulkhead.idempotency_keys AS stored JOIN counted USING (key, at)
      WHERE at <= ${now('$1')} - ${RETAIN_MS}
        OR is_finished AND (counted.keys > ${MAX_KEYS} OR counted.bytes > ${MAX_REPLY_BYTES})
      FOR UPDATE OF stored SKIP LOCKED
    )
    DELETE FROM bulkhead.idempotency_keys USING surplus WHERE idempotency_keys.key = surplus.key`,
};

/** The next keys after $1. */
const page: Statement = {
  name: 'keys-page',
  text: `
    SELECT key, node, request, creation, at, status, headers, body FROM (
      SELECT *, sum(bytes) OVER (ORDER BY key) - bytes AS bytes_before FROM (
        SELECT * FROM bulkhead.idempotency_keys WHERE key > $1 ORDER BY key LIMIT ${PAGE_SIZE}
      ) AS next
    ) AS measured
    WHERE bytes_before < ${PAGE_BYTES} ORDER BY key`,
};

const put: Statement = {
  name: 'keys-put',
  text: `
    INSERT INTO bulkhead.idempotency_keys (key, node, request, creation, at, status, headers, body, bytes)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce(octet_length($7) + octet_length($8), 0))
    ON CONFLICT (key) DO UPDATE SET node = excluded.node, request = excluded.request, creation = excluded.creation,
      at = excluded.at, status = excluded.status, headers = excluded.headers, body = excluded.body,
      bytes = excluded.bytes`,
};

/** Lists a command as a dead node, so that the next node to start adopts its unfinished requests. */
const leave: Statement = {
  name: 'keys-leave',
  text: `INSERT INTO bulkhead.nodes (name, seen) VALUES ($1, '-infinity') ON CONFLICT DO NOTHING`,
};

interface UnfinishedRow {
  readonly key: string;
  readonly creation: string;
}

export class PostgresIdempotencyStore implements IdempotencyStore {
  readonly #database: Database;
  readonly #node: string;
  readonly #now: (() => number) | undefined;
  readonly #timer: NodeJS.Timeout;
  onOrphans: ((requests: readonly UnfinishedRequest[]) => void) | undefined;
  /** Added by this node since its last sweep. */
  #keys = 0;
  #bytes = 0;

  /** @param now replaces the database's clock */
  constructor(database: Database, node: string, now?: () => number) {
    this.#database = database;
    this.#node = node;
    this.#now = now;
    this.#timer = setInterval(() => void this.#sweep(), SWEEP_EVERY_MS);
    this.#timer.unref();
  }

  async find(key: string): Promise<IdempotentRequest | undefined> {
    const [row] = await this.#database.query<FoundRow>(find, [key, this.#time()]);
    return row && requestOf(row, this.#node);
  }

  async begin(key: string, { request, creation }: IdempotentRequest): Promise<boolean> {
    const values = [key, this.#node, request, JSON.stringify(creation), this.#time()];
    return (await this.#database.query(begin, values)).length === 1;
  }

  async finish(key: string, { status, headers, body }: StoredReply): Promise<void> {
    await this.#database.query(finish, [key, this.#node, status, JSON.stringify(headers), body]);
    this.#keys++;
    this.#bytes += Buffer.byteLength(body);
    const isDue = this.#keys >= MAX_KEYS * EARLY_SWEEP_PART || this.#bytes >= MAX_REPLY_BYTES * EARLY_SWEEP_PART;
    if (isDue) await this.#sweep();
  }

  async drop(key: string): Promise<void> {
    await this.#database.query(drop, [key, this.#node]);
  }

  async unfinished(): Promise<{ readonly key: string; readonly creation: Creation }[]> {
    return (await this.#database.query<UnfinishedRow>(unfinished, [this.#node])).map(parsed);
  }

  /** Takes over the unfinished requests of a dead node. Only one node gets each, and settles it. */
  async adopt(node: string): Promise<{ readonly key: string; readonly creation: Creation }[]> {
    return (await this.#database.query<UnfinishedRow>(adopt, [this.#node, node])).map(parsed);
  }

  async *all(): AsyncGenerator<StoredRequest> {
    for (let last = ''; ; ) {
      const rows = await this.#database.query<FoundRow & { key: string; at: string }>(page, [last]);
      for (const { key, at, ...row } of rows) yield { ...requestOf(row, row.node), key, at: Number(at) };
      if (rows.length === 0) return;
      last = rows.at(-1)?.key as string;
    }
  }

  async put(requests: readonly StoredRequest[]): Promise<void> {
    await this.#database.transaction(async (query) => {
      for (const { key, request, creation, at, reply } of requests) {
        const stored = reply ? [reply.status, JSON.stringify(reply.headers), reply.body] : [null, null, null];
        await query(put, [key, this.#node, request, JSON.stringify(creation), at, ...stored]);
      }
      if (requests.some(({ reply }) => !reply)) await query(leave, [this.#node]);
    });
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #time(): number | null {
    return this.#now?.() ?? null;
  }

  async #sweep(): Promise<void> {
    [this.#keys, this.#bytes] = [0, 0];
    // If a sweep fails, a later one catches up. Expired keys are invisible meanwhile.
    await this.#database.query(sweep, [this.#time()]).catch(() => {});
  }
}

interface FoundRow {
  readonly node: string;
  readonly request: string;
  readonly creation: string;
  /** Null until the request is finished, like headers and body. */
  readonly status: number | null;
  readonly headers: string;
  readonly body: string;
}

function requestOf({ node, request, creation, ...reply }: FoundRow, thisNode: string): IdempotentRequest {
  const stored: IdempotentRequest = { request, creation: JSON.parse(creation) as Creation };
  const { status, body } = reply;
  if (status !== null) return { ...stored, reply: { status, headers: JSON.parse(reply.headers), body } };
  return node === thisNode ? stored : { ...stored, isRunningElsewhere: true };
}

function parsed({ key, creation }: UnfinishedRow): { key: string; creation: Creation } {
  return { key, creation: JSON.parse(creation) as Creation };
}
