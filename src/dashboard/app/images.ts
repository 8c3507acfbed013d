/** Images of connectors: from elsewhere by a safe scheme, or from their bundle. */
import type { Client } from '../api/client.ts';
import type { EventFeed } from '../api/event-feed.ts';

/** Whether an `img` may show it: only schemes that cannot run code. */
export function isSafeImage(url: string): boolean {
  return /^https?:\/\//i.test(url) || /^data:image\//i.test(url);
}

/** The link's target. Anything else (`javascript:`, `data:`, a relative path) is shown as text. */
export function safeLink(url: unknown): string | undefined {
  if (typeof url !== 'string' || !/^https?:\/\//i.test(url.trim()) || !URL.canParse(url.trim())) return undefined;
  return new URL(url.trim()).href;
}

/**
 * Object URLs for images of bundles, which need the token to fetch. Each image is fetched once, however many tiles show
 * it, and again when its connector is reloaded. Browsers have few connections to a server: a request for each tile would
 * hold up everything else.
 */
export class Images {
  readonly #client: Client;
  readonly #urls = new Map<string, Promise<string | undefined>>();
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(client: Client, feed: EventFeed) {
    this.#client = client;
    feed.subscribe(({ type, data }) => {
      if (type === 'reset') this.#invalidate([...this.#urls.keys()]);
      if (type === 'connector.loaded') this.#invalidate([String(data._connectorId)]);
    });
    // Events from before the connection are not delivered.
    feed.watch((status) => {
      if (status === 'live') this.#invalidate([...this.#urls.keys()]);
    });
  }

  /** @returns undefined if there is no image */
  urlFor(connectorId: string): Promise<string | undefined> {
    const cached = this.#urls.get(connectorId);
    if (cached) return cached;
    const url = this.#client
      .fetch('GET', `/connectors/${encodeURIComponent(connectorId)}/image`)
      .then((response) => response.blob())
      .then((blob) => (blob.type.startsWith('image/') ? URL.createObjectURL(blob) : undefined))
      .catch(() => undefined);
    this.#urls.set(connectorId, url);
    return url;
  }

  /** Calls back when the image may have changed. @returns the unsubscribe function */
  subscribe(connectorId: string, onChange: () => void): () => void {
    const listeners = this.#listeners.get(connectorId) ?? new Set();
    this.#listeners.set(connectorId, listeners.add(onChange));
    return () => listeners.delete(onChange);
  }

  #invalidate(connectorIds: readonly string[]): void {
    for (const id of connectorIds) this.#urls.delete(id);
    for (const id of connectorIds) {
      for (const onChange of [...(this.#listeners.get(id) ?? [])]) onChange();
    }
  }
}
