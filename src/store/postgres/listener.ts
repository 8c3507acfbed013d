/**
 * Hears what other nodes notify. `LISTEN` needs a session, which a pooler in transaction mode does not give: the
 * connection is this node's own, and nothing depends on it but speed.
 */
import { Client } from 'pg';

/** The channel that nodes notify on. */
export const CHANNEL = 'bulkhead';
const RETRY_MS = 1_000;

/** What a node has news of. */
export const news = ['events', 'followers', 'folder', 'permissions', 'cancellations'] as const;
export type News = (typeof news)[number];

export class Listener {
  readonly #url: string;
  /** Also called, for all news, whenever the connection was made anew: something may have been missed. */
  readonly #onNews: (news: News) => void;
  #client: Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(url: string, onNews: (news: News) => void) {
    this.#url = url;
    this.#onNews = onNews;
  }

  async start(): Promise<void> {
    if (this.#isClosed) return;
    const client = new Client({ connectionString: this.#url, application_name: 'bulkhead listener', keepAlive: true });
    this.#client = client;
    client.on('notification', ({ payload }) => this.#onNews(payload as News));
    client.on('error', () => {});
    client.on('end', () => {
      if (this.#client === client) this.#startLater();
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      for (const each of news) this.#onNews(each);
    } catch {
      void client.end().catch(() => {});
      this.#startLater();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  #startLater(): void {
    this.#client = undefined;
    if (this.#isClosed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.start(), RETRY_MS);
    this.#retry.unref();
  }
}
