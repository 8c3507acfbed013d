/**
 * The nodes that share the database. Every two seconds, each reports that it is alive and cleans up after dead nodes:
 * removes their locks, lists their runs as cut off, and takes over their unfinished requests. Only the database's clock
 * counts.
 */
import type { Database, Statement } from './database.ts';

const BEAT_MS = 2_000;
/** A node silent for this long is dead. Contract 13: its runs are listed as cut off within 10 s. */
export const SILENCE_MS = 6_000;
/** Within this time, all other nodes beat again. */
const NOTICED_MS = 1.5 * BEAT_MS;

const beat: Statement = {
  name: 'node-beat',
  text: `
    WITH own AS (
      INSERT INTO bulkhead.nodes (name, seen, follows) VALUES ($1, clock_timestamp(), $2)
      ON CONFLICT (name) DO UPDATE SET seen = excluded.seen, follows = excluded.follows
    )
    SELECT name, follows, seen < clock_timestamp() - interval '${SILENCE_MS} milliseconds' AS is_dead
    FROM bulkhead.nodes WHERE name <> $1`,
};

/** Removes a node, its events and its locks, unless it has come back meanwhile. */
const remove: Statement = {
  name: 'node-remove',
  text: `
    WITH removed AS (
      DELETE FROM bulkhead.nodes
      WHERE name = $1 AND ($2 OR seen < clock_timestamp() - interval '${SILENCE_MS} milliseconds') RETURNING name
    ), gone AS (
      DELETE FROM bulkhead.events USING removed WHERE node = removed.name
    )
    UPDATE bulkhead.integrations SET locked_by = NULL FROM removed WHERE locked_by = removed.name`,
};

const leave: Statement = {
  name: 'node-leave',
  text: `UPDATE bulkhead.nodes SET seen = '-infinity' WHERE name = $1`,
};

interface NodeRow {
  readonly name: string;
  readonly follows: boolean;
  readonly is_dead: boolean;
}

export interface NodeRegistryOptions {
  /** Whether this node has followers of events. */
  readonly isFollowing: () => boolean;
  /** @param areFollowing whether another node has followers of events */
  readonly onBeat: (areFollowing: boolean) => Promise<void>;
  /** Called when this node was silent for so long that others may have taken it for dead. */
  readonly onReturn: () => void;
  /** Cleans up after a dead node. May run on several nodes at once, and repeatedly. */
  readonly onDead: (node: string) => Promise<void>;
}

export class NodeRegistry {
  readonly #database: Database;
  readonly #node: string;
  readonly #options: NodeRegistryOptions;
  #others: ReadonlySet<string> = new Set();
  /** Start of the last successful beat. */
  #lastBeatAt = performance.now();
  /** When this node returned; undefined once all others must have noticed. */
  #returnedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(database: Database, node: string, options: NodeRegistryOptions) {
    this.#database = database;
    this.#node = node;
    this.#options = options;
  }

  /** The other nodes that were alive at the last beat. */
  get others(): ReadonlySet<string> {
    return this.#others;
  }

  /** @throws StoreError */
  async start(): Promise<void> {
    // An earlier process with this name may have left locks.
    await this.#database.query(remove, [this.#node, true]);
    await this.beat();
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#beating;
    // Another node cleans up the rest, as after a crash. It does so even if the database cannot be reached now.
    await this.#database.query(leave, [this.#node]).catch(() => {});
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      // `problem` reports an unreachable database.
      this.#beating = this.beat()
        .catch(() => {})
        .finally(() => this.#schedule());
    }, BEAT_MS);
    this.#timer.unref();
  }

  /** Reports that this node is alive, and looks for the others. @throws StoreError */
  async beat(): Promise<void> {
    const { isFollowing, onBeat, onDead } = this.#options;
    const askedAt = performance.now();
    const rows = await this.#database.query<NodeRow>(beat, [this.#node, isFollowing()]);
    this.#noticeReturn(askedAt);
    const others = rows.filter(({ is_dead }) => !is_dead);
    this.#others = new Set(others.map(({ name }) => name));
    for (const { name, is_dead } of rows) {
      if (!is_dead) continue;
      await onDead(name);
      await this.#database.query(remove, [name, false]);
    }
    await onBeat(others.some(({ follows }) => follows));
  }

  /** Others notice a return at their next beat, and send nothing before. Reports it now, and again once all noticed. */
  #noticeReturn(beatAt: number): void {
    const hasReturned = performance.now() - this.#lastBeatAt > SILENCE_MS;
    this.#lastBeatAt = beatAt;
    const isNoticed = this.#returnedAt !== undefined && beatAt - this.#returnedAt > NOTICED_MS;
    if (hasReturned) this.#returnedAt = beatAt;
    else if (isNoticed) this.#returnedAt = undefined;
    if (hasReturned || isNoticed) this.#options.onReturn();
  }
}
