/**
 * What happens, told in order to those who follow. The newest events are kept, so that who lost the
 * connection goes on where it was; each follower takes them from there at its own pace, and nothing is
 * kept for one alone. As long as nobody follows, an event costs a look at a flag.
 */

/** Events kept for those who are behind: so many, … */
const RETAINED_EVENTS = 4_096;
/** … and bytes of text. */
const RETAINED_BYTES = 4 * 1024 * 1024;
/** How long after the last follower has gone they are kept on. */
const RETAIN_MS = 60_000;
/** Followers at once. */
export const FOLLOWERS = 100;
/** What a follower takes in one go; by one event more. */
const BATCH_CHARS = 64 * 1024;
/** An event whose data is longer than this has no text that is, … */
const TEXT_CHARS = 2_000;
/** … and no list of more entries; the rest is cut off. */
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
  | 'integration.changed'
  | 'integration.removed';

interface RetainedEvent {
  readonly integrationId: string | undefined;
  /** As it is sent (WHATWG HTML, 9.2.6). */
  readonly text: string;
  readonly bytes: number;
}

export interface FollowOptions {
  /** The id of the last event that the follower has; nothing: it begins with the next one. */
  readonly lastEventId?: string | undefined;
  /** Only events of this integration. */
  readonly integrationId?: string | undefined;
  /** There is something to take, or the follower is lost. */
  readonly onEvents: () => void;
  /** The feed is at its end. */
  readonly onEnd: () => void;
}

export class Feed {
  /** Of this process: the same number means another event in another one. */
  readonly #series: string;
  /** A ring: the event of number n lies at n % KEPT_EVENTS. */
  readonly #events: (RetainedEvent | undefined)[] = new Array(RETAINED_EVENTS);
  readonly #followers = new Set<Follower>();
  #newest = 0;
  #oldest = 1;
  #bytes = 0;
  #isRetaining = false;
  #isClosed = false;
  #clearTimer: NodeJS.Timeout | undefined;
  #notifying: NodeJS.Immediate | undefined;

  constructor(now: Date) {
    this.#series = String(now.getTime());
  }

  /** The number of the newest event. */
  get newest(): number {
    return this.#newest;
  }

  /** How many follow. */
  get followers(): number {
    return this.#followers.size;
  }

  /** The number of the oldest event that is kept. */
  get oldest(): number {
    return this.#oldest;
  }

  /** @param dataOf what happened, as plain data of whatever length; asked only if somebody may read it */
  publish(name: EventName, integrationId: string | undefined, dataOf: () => object): void {
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
    // Those of one turn of the event loop are sent together.
    if (this.#followers.size === 0) return;
    this.#notifying ??= setImmediate(() => {
      this.#notifying = undefined;
      for (const follower of this.#followers) follower.onEvents();
    });
  }

  /** Undefined: there are `FOLLOWERS` already, or the feed is closed. */
  follow(options: FollowOptions): Follower | undefined {
    if (this.#isClosed || this.#followers.size >= FOLLOWERS) return undefined;
    clearTimeout(this.#clearTimer);
    this.#isRetaining = true;
    const follower = new Follower(this, options, this.#cursorAfter(options.lastEventId), () => this.#leave(follower));
    this.#followers.add(follower);
    return follower;
  }

  /** Ends all that follow. */
  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#notifying);
    for (const follower of [...this.#followers]) follower.onEnd();
    clearTimeout(this.#clearTimer);
    this.#clear();
  }

  /** An event that is kept. */
  eventAt(number: number): RetainedEvent | undefined {
    return this.#events[number % RETAINED_EVENTS];
  }

  /** Ids count up. */
  idOf(number: number): string {
    return `${this.#series}-${number}`;
  }

  /** The number of the next event to tell; undefined: what comes after that id is not all there. */
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
    this.#events.fill(undefined);
    this.#oldest = this.#newest + 1;
    this.#bytes = 0;
  }
}

/** One who follows, and the place up to which it has taken. */
export class Follower {
  readonly onEvents: () => void;
  readonly onEnd: () => void;
  readonly #feed: Feed;
  readonly #integrationId: string | undefined;
  readonly #onLeave: () => void;
  #next: number;
  /** It has to be told that it misses something. */
  #needsReset: boolean;

  constructor(
    feed: Feed,
    { integrationId, onEvents, onEnd }: FollowOptions,
    next: number | undefined,
    onLeave: () => void,
  ) {
    this.#feed = feed;
    this.#integrationId = integrationId;
    this.onEvents = onEvents;
    this.onEnd = onEnd;
    this.#onLeave = onLeave;
    this.#next = next ?? feed.newest + 1;
    this.#needsReset = next === undefined;
  }

  /** It took too long: what would be next is gone. It has to begin anew. */
  get isLost(): boolean {
    return this.#next < this.#feed.oldest;
  }

  /** The id of the last event that it has taken, or passed over. */
  get lastEventId(): string {
    return this.#feed.idOf(this.#next - 1);
  }

  /** The texts of the next events, some 64 Ki characters of them; empty if there are none. */
  take(): string {
    let text = '';
    if (this.#needsReset) text = eventText(this.lastEventId, 'reset', {});
    this.#needsReset = false;
    while (this.#next <= this.#feed.newest && text.length < BATCH_CHARS) {
      const event = this.#feed.eventAt(this.#next++);
      if (!event || (this.#integrationId !== undefined && event.integrationId !== this.#integrationId)) continue;
      text += event.text;
    }
    return text;
  }

  leave(): void {
    this.#onLeave();
  }
}

/** JSON has no line breaks of its own. */
function eventText(id: string, name: EventName | 'reset', data: object): string {
  let json = JSON.stringify(data);
  if (json.length > TEXT_CHARS) json = JSON.stringify(truncate(data));
  return `id: ${id}\nevent: ${name}\ndata: ${json}\n\n`;
}

/** With long texts and lists cut off. */
function truncate(value: unknown): unknown {
  if (typeof value === 'string') return value.length > TEXT_CHARS ? `${value.slice(0, TEXT_CHARS)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.slice(0, LIST_ITEMS).map(truncate);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, truncate(each)]));
}
