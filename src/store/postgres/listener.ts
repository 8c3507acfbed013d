/**
 * A dedicated connection beside the pool. It receives other nodes' notifications, reads the database's clock, and
 * checks every second that the database answers: a network that drops packets reports no error.
 *
 * `LISTEN` needs a session. A pooler in transaction mode offers none, so notifications only make nodes faster.
 */
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { CONNECT_MS, keepAlive } from './connections.ts';

/** The channel of all notifications. */
export const CHANNEL = 'bulkhead';
const RETRY_MS = 500;
const CHECK_EVERY_MS = 1_000;
/** A database that takes longer to tell the time counts as unreachable. */
const ANSWER_MS = 3_000;
const GOODBYE_MS = 500;

/** Subjects of notifications. */
export const news = ['events', 'followers', 'folder', 'permissions', 'cancellations', 'jobs'] as const;
export type News = (typeof news)[number];

export interface ListenerOptions {
  /** Also called for every subject after each reconnection, because notifications may have been missed. */
  readonly onNews: (news: News) => void;
  /** The database does not answer. Called repeatedly until it does. */
  readonly onSilence: () => void;
  /** The database answers again, even if only to refuse the connection. */
  readonly onAnswer: () => void;
  /** @param time by the database's clock @param askedAt by this node's clock, like `answeredAt` */
  readonly onTime: (time: number, askedAt: number, answeredAt: number) => void;
}

class Silence extends Error {}

export class Listener {
  readonly #url: string;
  readonly #options: ListenerOptions;
  readonly #closing = new AbortController();
  #socket = new Socket();
  #done: Promise<void> = Promise.resolve();

  constructor(url: string, options: ListenerOptions) {
    this.#url = url;
    this.#options = options;
  }

  /** Resolves when it listens, or after the first failure. */
  start(): Promise<void> {
    const tried = Promise.withResolvers<void>();
    this.#done = this.#listenUntilClosed(tried.resolve);
    return tried.promise;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const timer = setTimeout(() => this.#socket.destroy(), GOODBYE_MS);
    await this.#done;
    clearTimeout(timer);
  }

  async #listenUntilClosed(onTried: () => void): Promise<void> {
    const { onSilence, onAnswer } = this.#options;
    while (!this.#closing.signal.aborted) {
      const socket = new Socket();
      this.#socket = socket;
      try {
        await this.#listenOn(socket, onTried);
      } catch (error) {
        if (error instanceof Silence) onSilence();
        else if (!this.#closing.signal.aborted) {
          onAnswer();
          await this.#pause(RETRY_MS);
        }
      }
      socket.destroy();
      onTried();
    }
  }

  /** Resolves when closed. @throws Silence, or the connection's error */
  async #listenOn(socket: Socket, onListening: () => void): Promise<void> {
    const { onNews, onAnswer } = this.#options;
    const client = new Client({
      connectionString: this.#url,
      application_name: 'bulkhead listener',
      stream: () => socket,
      ...keepAlive,
    });
    client.on('notification', ({ payload }) => onNews(payload as News));
    // The next statement finds out.
    client.on('error', () => {});
    await within(CONNECT_MS, client.connect());
    onAnswer();
    await within(ANSWER_MS, client.query(`LISTEN ${CHANNEL}`));
    await this.#check(client);
    onListening();
    for (const each of news) onNews(each);
    for (;;) {
      await this.#pause(CHECK_EVERY_MS);
      if (this.#closing.signal.aborted) return client.end();
      await this.#check(client);
    }
  }

  async #check(client: Client): Promise<void> {
    const askedAt = Date.now();
    const asked = client.query<{ time: string }>('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS time');
    const [row] = (await within(ANSWER_MS, asked)).rows;
    this.#options.onTime(Number(row?.time), askedAt, Date.now());
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {});
  }
}

/** @throws Silence */
async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  const silence = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    // If this process itself was blocked, the answer has arrived and is read in this turn of the event loop.
    setImmediate(() => silence.reject(new Silence('The database does not answer.')));
  }, ms);
  try {
    return await Promise.race([answer, silence.promise]);
  } finally {
    clearTimeout(timer);
  }
}
