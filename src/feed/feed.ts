/**
 * An ordered stream of events. A ring buffer holds the newest events. Each follower reads from it at its own pace, and
 * can resume after a lost connection; there is no buffer per follower. Without followers an event costs one check.
 */

import type { SharedEvents } from '../store/shared.ts';

/** Limits of the ring buffer. */
const RETAINED_EVENTS = 4_096;
const RETAINED_BYTES = 4 * 1024 * 1024;
/** How long events are retained after the last follower has left. */
const RETAIN_MS = 60_000;
/** Followers at once. */
export const FOLLOWERS = 100;
/** Size of a batch for one follower. The last event may exceed it. */
const BATCH_CHARS = 64 * 1024;
/** Longer event data is truncated: texts to this length, … */
const TEXT_CHARS = 2_000;
/** … and lists to this many items. */
const LIST_ITEMS = 10;

export type EventName =
  | 'run.started'
  | 'run.progress'
  | 'run.log'
  | 'run.ended'
  | 'connector.loaded'
  | 'connector.unloaded'
  | 'connector.refused'
  | 'connector.held'
  | 'job.started'
  | 'job.progress'
  | 'job.ended'
  | 'integration.changed'
  | 'integration.removed'
  | 'connection.offline'
  | 'connection.online';

interface RetainedEvent {
  readonly integrationId: string | undefined;
  /** In the format of server-sent events (WHATWG HTML, 9.2.6). */
  readonly text: string;
  readonly bytes: number;
}

export interface FollowOptions {
  /** The last event the follower has. Without it, starts with the next event. */
  readonly lastEventId?: string | undefined;
  /** Only events of these integrations. */
  readonly integrationIds?: ReadonlySet<string> | undefined;
  /** Call `take`, or check `isLost`. */
  readonly onEvents: () => void;
  /** The feed is closed. */
  readonly onEnd: () => void;
}

export class Feed {
  /** Distinguishes this process: another process counts its events from 1, too. */
  readonly #series: string;
  /** Ring buffer: event n is at n % RETAINED_EVENTS. */
  readonly #events: (RetainedEvent | undefined)[] = new Array(RETAINED_EVENTS);
  readonly #followers = new Set<Follower>();
  #newest = 0;
  #oldest = 1;
  #bytes = 0;
  #isRetaining = false;
  #isClosed = false;
  #clearTimer: NodeJS.Timeout | undefined;
  #notifying: NodeJS.Immediate | undefined;

  /** Followers on other nodes of the same storage. */
  readonly #shared: SharedEvents | undefined;

  constructor(now: Date, shared?: SharedEvents) {
    this.#series = String(now.getTime());
    this.#shared = shared;
    shared?.subscribe(({ name, integrationId, data }) => {
      if (name === 'reset') this.reset();
      else this.#retain(name as EventName, integrationId, () => data);
    });
  }

  /** The number of the newest event. */
  get newest(): number {
    return this.#newest;
  }

  get followers(): number {
    return this.#followers.size;
  }

  /** The number of the oldest retained event. */
  get oldest(): number {
    return this.#oldest;
  }

  /** @param dataOf makes the event's data, of any length; called only if events are retained */
  publish(name: EventName, integrationId: string | undefined, dataOf: () => object): void {
    const shared = this.#shared?.hasRemoteFollowers ? this.#shared : undefined;
    if (!shared) return this.#retain(name, integrationId, () => jsonOf(dataOf()));
    const data = jsonOf(dataOf());
    shared.publish({ name, integrationId, data });
    this.#retain(name, integrationId, () => data);
  }

  /** Call when events are missing: tells followers to reload what they show. */
  reset(): void {
    for (const follower of this.#followers) {
      follower.needsReset();
      follower.onEvents();
    }
  }

  #retain(name: EventName, integrationId: string | undefined, dataOf: () => string): void {
    this.#newest++;
    if (!this.#isRetaining) {
      this.#oldest = this.#newest + 1;
      return;
    }
    const text = eventText(this.idOf(this.#newest), name, dataOf());
    const event = { integrationId, text, bytes: Buffer.byteLength(text) };
    if (this.#newest - this.#oldest >= RETAINED_EVENTS) this.#dropOldest();
    this.#events[this.#newest % RETAINED_EVENTS] = event;
    this.#bytes += event.bytes;
    while (this.#bytes > RETAINED_BYTES) this.#dropOldest();
    // Batches the events of one turn of the event loop.
    if (this.#followers.size === 0) return;
    this.#notifying ??= setImmediate(() => {
      this.#notifying = undefined;
      for (const follower of this.#followers) follower.onEvents();
    });
  }

  /** Undefined if there are too many followers, or the feed is closed. */
  follow(options: FollowOptions): Follower | undefined {
    if (this.#isClosed || this.#followers.size >= FOLLOWERS) return undefined;
    clearTimeout(this.#clearTimer);
    this.#isRetaining = true;
    this.#shared?.follow(true);
    const follower = new Follower(this, options, this.#cursorAfter(options.lastEventId), () => this.#leave(follower));
    this.#followers.add(follower);
    return follower;
  }

  /** Ends all followers. */
  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#notifying);
    for (const follower of [...this.#followers]) follower.onEnd();
    clearTimeout(this.#clearTimer);
    this.#clear();
  }

  /** An event, if it is retained. */
  eventAt(number: number): RetainedEvent | undefined {
    return this.#events[number % RETAINED_EVENTS];
  }

  idOf(number: number): string {
    return `${this.#series}-${number}`;
  }

  /** The number of the next event to send. Undefined if events after that id are missing. */
  #cursorAfter(lastEventId: string | undefined): number | undefined {
    if (lastEventId === undefined) return this.#newest + 1;
    const [, series, text] = /^(\d+)-(\d{1,15})$/.exec(lastEventId) ?? [];
    const next = Number(text) + 1;
    return series === this.#series && next >= this.#oldest && next <= this.#newest + 1 ? next : undefined;
  }

  #dropOldest(): void {
    const slot = this.#oldest++ % RETAINED_EVENTS;
    this.#bytes -= this.#events[slot]?.bytes ?? 0;
    this.#events[slot] = undefined;
  }

  #leave(follower: Follower): void {
    if (!this.#followers.delete(follower) || this.#followers.size > 0 || this.#isClosed) return;
    this.#clearTimer = setTimeout(() => this.#clear(), RETAIN_MS);
    this.#clearTimer.unref();
  }

  #clear(): void {
    this.#isRetaining = false;
    this.#shared?.follow(false);
    this.#events.fill(undefined);
    this.#oldest = this.#newest + 1;
    this.#bytes = 0;
  }
}

/** One follower with its cursor. */
export class Follower {
  readonly onEvents: () => void;
  readonly onEnd: () => void;
  readonly #feed: Feed;
  readonly #integrationIds: ReadonlySet<string> | undefined;
  readonly #onLeave: () => void;
  #next: number;
  /** The next batch must say that events are missing. */
  #needsReset: boolean;

  constructor(
    feed: Feed,
    { integrationIds, onEvents, onEnd }: FollowOptions,
    next: number | undefined,
    onLeave: () => void,
  ) {
    this.#feed = feed;
    this.#integrationIds = integrationIds;
    this.onEvents = onEvents;
    this.onEnd = onEnd;
    this.#onLeave = onLeave;
    this.#next = next ?? feed.newest + 1;
    this.#needsReset = next === undefined;
  }

  /** Too slow: its next event is no longer retained. The follower must reconnect. */
  get isLost(): boolean {
    return this.#next < this.#feed.oldest;
  }

  /** The last event taken or skipped. */
  get lastEventId(): string {
    return this.#feed.idOf(this.#next - 1);
  }

  /** The number of the newest event. */
  get newest(): number {
    return this.#feed.newest;
  }

  /**
   * The texts of the next events, up to about `BATCH_CHARS`. Empty if there are none.
   *
   * @param newest the last event to take
   */
  take(newest = this.#feed.newest): string {
    let text = '';
    if (this.#needsReset) text = eventText(this.lastEventId, 'reset', '{}');
    this.#needsReset = false;
    while (this.#next <= newest && text.length < BATCH_CHARS) {
      const event = this.#feed.eventAt(this.#next++);
      if (!event || !this.#follows(event)) continue;
      text += event.text;
    }
    return text;
  }

  #follows({ integrationId }: RetainedEvent): boolean {
    if (!this.#integrationIds) return true;
    return integrationId !== undefined && this.#integrationIds.has(integrationId);
  }

  /** The next batch says that events are missing. */
  needsReset(): void {
    this.#needsReset = true;
  }

  leave(): void {
    this.#onLeave();
  }
}

/** One `data` line is enough, as JSON text contains no line breaks. */
const eventText = (id: string, name: EventName | 'reset', json: string): string =>
  `id: ${id}\nevent: ${name}\ndata: ${json}\n\n`;

function jsonOf(data: object): string {
  const json = JSON.stringify(data);
  return json.length > TEXT_CHARS ? JSON.stringify(truncate(data)) : json;
}

function truncate(value: unknown): unknown {
  if (typeof value === 'string') return value.length > TEXT_CHARS ? `${value.slice(0, TEXT_CHARS)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.slice(0, LIST_ITEMS).map(truncate);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, truncate(each)]));
}
