/**
 * Events for followers on other nodes. A node writes its events only while another node has followers. It numbers them
 * and writes one batch at a time, so that a reader who has seen a number has missed none before it.
 */
import type { SharedEvent, SharedEvents } from '../shared.ts';
import { type Database, NO_WAIT_FOR_DISK, type Statement } from './database.ts';
import { CHANNEL } from './listener.ts';

const WRITE_EVERY_MS = 20;
/** Limit of waiting events. Beyond it, events are dropped and the other nodes get a `reset`. */
const MAX_WAITING_CHARS = 1024 * 1024;
/** Interval of polling without a notification, in case one was lost. */
const POLL_EVERY_MS = 1_000;
const RETAIN_S = 60;
const READ_AT_ONCE = 1_000;

const write: Statement = {
  name: 'events-write',
  text: `
    WITH written AS (
      INSERT INTO bulkhead.events (node, number, integration, name, data)
      SELECT $1, number, integration, name, data
      FROM json_to_recordset($2) AS event (number bigint, integration text, name text, data text)
    ), expired AS (
      DELETE FROM bulkhead.events WHERE node = $1 AND at < now() - interval '${RETAIN_S} seconds'
    ), told AS MATERIALIZED (SELECT pg_notify('${CHANNEL}', 'events'))
    ${NO_WAIT_FOR_DISK} FROM told`,
};

const read: Statement = {
  name: 'events-read',
  text: `
    SELECT node, number, integration, name, data FROM bulkhead.events
    LEFT JOIN unnest($2::text[], $3::bigint[]) AS known (node, last) USING (node)
    WHERE node <> $1 AND number > coalesce(known.last, 0) ORDER BY at, node, number LIMIT ${READ_AT_ONCE}`,
};

const newest: Statement = {
  name: 'events-newest',
  text: 'SELECT node, max(number) AS number FROM bulkhead.events GROUP BY node',
};

const setFollowing: Statement = {
  name: 'events-follow',
  text: `
    WITH changed AS (UPDATE bulkhead.nodes SET follows = $2 WHERE name = $1)
    SELECT pg_notify('${CHANNEL}', 'followers')`,
};

interface EventRow {
  readonly node: string;
  readonly number: string;
  readonly integration: string | null;
  readonly name: string;
  readonly data: string;
}

export class PostgresEvents implements SharedEvents {
  readonly #database: Database;
  readonly #node: string;
  #listener: ((event: SharedEvent) => void) | undefined;
  /** Another node has followers. */
  hasRemoteFollowers = false;
  #isFollowing = false;
  /** Number of the last event seen from each node; undefined while nobody follows here. */
  #seen: Map<string, string> | undefined;
  #number = 0;
  #waiting: (SharedEvent & { readonly number: number })[] = [];
  #waitingChars = 0;
  #timer: NodeJS.Timeout | undefined;
  #polling: NodeJS.Timeout | undefined;
  #isReading = false;
  #isClosed = false;

  constructor(database: Database, node: string) {
    this.#database = database;
    this.#node = node;
  }

  /** @throws StoreError */
  async start(): Promise<void> {
    this.#number = Number((await this.#newest()).get(this.#node) ?? 0);
  }

  subscribe(listener: (event: SharedEvent) => void): void {
    this.#listener = listener;
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  follow(isFollowing: boolean): void {
    if (this.#isFollowing === isFollowing || this.#isClosed) return;
    this.#isFollowing = isFollowing;
    clearInterval(this.#polling);
    if (isFollowing) {
      this.#polling = setInterval(() => void this.poll(), POLL_EVERY_MS);
      this.#polling.unref();
    } else {
      this.#seen = undefined;
    }
    void this.#setFollowing(isFollowing);
  }

  publish(event: SharedEvent): void {
    if (!this.hasRemoteFollowers || this.#isClosed) return;
    const isFull = this.#waitingChars > MAX_WAITING_CHARS;
    if (isFull && this.#waiting.at(-1)?.name === 'reset') return;
    const next: SharedEvent = isFull ? { name: 'reset', integrationId: undefined, data: '{}' } : event;
    this.#waiting.push({ ...next, number: ++this.#number });
    this.#waitingChars += next.data.length;
    this.#timer ??= setTimeout(() => void this.#write(), WRITE_EVERY_MS);
  }

  /** A node died, maybe with events that it had not written. */
  reportMissed(): void {
    if (this.#isFollowing) this.#listener?.({ name: 'reset', integrationId: undefined, data: '{}' });
  }

  /** Call when other nodes may have taken this one for dead and written nothing for it. */
  async rejoin(): Promise<void> {
    if (!this.#isFollowing) return;
    this.reportMissed();
    // If this fails, the others notice at their next beat.
    await this.#database.query(setFollowing, [this.#node, true]).catch(() => {});
  }

  /** Reads new events of other nodes. */
  async poll(): Promise<void> {
    if (!this.#seen || this.#isReading || this.#isClosed) return;
    this.#isReading = true;
    try {
      for (let isMore = true; isMore && this.#seen; ) isMore = await this.#read(this.#seen);
    } catch {
      // The next poll reads them.
    } finally {
      this.#isReading = false;
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    clearInterval(this.#polling);
    await this.#write();
    this.#isClosed = true;
  }

  async #setFollowing(isFollowing: boolean): Promise<void> {
    try {
      const seen = await this.#newest();
      if (this.#isFollowing) this.#seen ??= seen;
      await this.#database.query(setFollowing, [this.#node, isFollowing]);
    } catch {
      // This node's next beat announces it, and the next poll starts reading.
      if (this.#isFollowing) this.#seen ??= new Map();
    }
  }

  async #newest(): Promise<Map<string, string>> {
    const rows = await this.#database.query<{ node: string; number: string }>(newest);
    return new Map(rows.map(({ node, number }) => [node, number]));
  }

  /** @returns whether there may be more */
  async #read(seen: Map<string, string>): Promise<boolean> {
    const rows = await this.#database.query<EventRow>(read, [this.#node, [...seen.keys()], [...seen.values()]]);
    for (const { node, number, integration, name, data } of rows) {
      seen.set(node, number);
      this.#listener?.({ name, integrationId: integration ?? undefined, data });
    }
    return rows.length === READ_AT_ONCE;
  }

  async #write(): Promise<void> {
    const events = this.#waiting;
    if (events.length === 0) {
      this.#timer = undefined;
      return;
    }
    this.#waiting = [];
    this.#waitingChars = 0;
    const rows = events.map(({ number, integrationId, name, data }) => ({
      number,
      integration: integrationId ?? null,
      name,
      data,
    }));
    await this.#database.query(write, [this.#node, JSON.stringify(rows)]).catch(() => {
      // `reset` tells followers elsewhere that events are missing.
      this.#waiting.unshift({ name: 'reset', integrationId: undefined, data: '{}', number: ++this.#number });
    });
    this.#timer =
      this.#waiting.length > 0 && !this.#isClosed ? setTimeout(() => void this.#write(), WRITE_EVERY_MS) : undefined;
  }
}
