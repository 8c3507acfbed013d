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
 * Object URLs for images of bundles, which need the token to fetch. Each image is fetched once, and again when
 * its connector is reloaded.
 */
export class Images {
  readonly #client: Client;
  readonly #feed: EventFeed;
  readonly #urls = new Map<string, Promise<string | undefined>>();

  constructor(client: Client, feed: EventFeed) {
    this.#client = client;
    this.#feed = feed;
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
    const invalidate = (): void => {
      this.#urls.delete(connectorId);
      onChange();
    };
    const unsubscribe = this.#feed.subscribe(({ type, data }) => {
      if (type === 'reset' || (type === 'connector.loaded' && data._connectorId === connectorId)) invalidate();
    });
    // Events from before the connection are not delivered.
    const unwatch = this.#feed.watch((status) => {
      if (status === 'live') invalidate();
    });
    return () => {
      unsubscribe();
      unwatch();
    };
  }
}
