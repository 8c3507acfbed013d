/** Server-sent events over `fetch`, since `EventSource` cannot send a token. Reconnects by itself. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { ApiError } from './api-error.ts';
import type { Client } from './client.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/** `type` is `run.started` and so on. `reset`: events were missed, so reload everything. */
export interface LiveEvent {
  readonly type: string;
  readonly data: JsonObject;
}

/** `absent`: the server has no event stream, so clients must poll. */
export type FeedStatus = 'connecting' | 'live' | 'lost' | 'absent';

const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 4_000;
/** The server sends a comment more often than this. */
const SILENCE_LIMIT_MS = 60_000;
const RESET: LiveEvent = { type: 'reset', data: {} };

export class EventFeed {
  readonly #client: Client;
  readonly #listeners = new Set<(event: LiveEvent) => void>();
  readonly #watchers = new Set<(status: FeedStatus) => void>();
  readonly #closed = new AbortController();
  #status: FeedStatus = 'connecting';
  #lastId: string | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  get status(): FeedStatus {
    return this.#status;
  }

  /** @returns the unsubscribe function */
  subscribe(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  watch(watcher: (status: FeedStatus) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Listens until `close()` or until the server refuses the token. */
  async run(): Promise<void> {
    let pauseMs = RETRY_MIN_MS;
    let hasDisconnected = false;
    while (!this.#closed.signal.aborted) {
      try {
        await this.#listen(() => {
          pauseMs = RETRY_MIN_MS;
          // Without an id to resume from, any event may have been missed.
          if (hasDisconnected && this.#lastId === undefined) this.#publish(RESET);
          this.#setStatus('live');
        });
        this.#setStatus('lost');
      } catch (error) {
        if (this.#closed.signal.aborted) return;
        if (error instanceof ApiError && error.status === 401) return;
        this.#setStatus(error instanceof ApiError && [404, 405].includes(error.status) ? 'absent' : 'lost');
      }
      hasDisconnected = true;
      await this.#pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, RETRY_MAX_MS);
    }
  }

  close(): void {
    this.#closed.abort();
  }

  async #listen(onOpen: () => void): Promise<void> {
    const silence = new AbortController();
    const signal = AbortSignal.any([this.#closed.signal, silence.signal]);
    let timer = setTimeout(() => silence.abort(), SILENCE_LIMIT_MS);
    const restartTimer = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_LIMIT_MS);
    };
    try {
      const headers = {
        Accept: 'text/event-stream',
        ...(this.#lastId === undefined ? {} : { 'Last-Event-ID': this.#lastId }),
      };
      const response = await this.#client.fetch('GET', '/events', { headers, signal });
      if (!response.body) return;
      onOpen();
      const text = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>;
      const events = response.body
        .pipeThrough(text)
        .pipeThrough(new EventSourceParserStream({ onComment: restartTimer }));
      const reader = events.getReader();
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        restartTimer();
        const { id, event = 'message', data } = next.value;
        if (id !== undefined) this.#lastId = id;
        this.#publish({ type: event, data: parseData(data) });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #publish(event: LiveEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  #setStatus(status: FeedStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    for (const watcher of [...this.#watchers]) watcher(status);
  }

  /** Ends early when the tab becomes visible or the network returns. */
  #pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        for (const [target, name] of WAKE_EVENTS) target().removeEventListener(name, done);
        resolve();
      };
      const timer = setTimeout(done, pauseMs);
      for (const [target, name] of WAKE_EVENTS) target().addEventListener(name, done);
    });
  }
}

const WAKE_EVENTS: readonly (readonly [() => EventTarget, string])[] = [
  [() => window, 'online'],
  [() => document, 'visibilitychange'],
];

function parseData(data: string): JsonObject {
  try {
    const value: unknown = JSON.parse(data);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
