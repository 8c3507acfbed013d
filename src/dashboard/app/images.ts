/** Images that connectors name: from elsewhere by a safe scheme, or from their own bundle. */
import type { Client } from '../api/client.ts';
import type { EventFeed } from '../api/event-feed.ts';

/** What an `img` may show: nothing that runs. */
export function isSafeImage(url: string): boolean {
  return /^https?:\/\//i.test(url) || /^data:image\//i.test(url);
}

/** What a link may lead to. Anything else (`javascript:`, `data:`, a relative path) is shown as text. */
export function safeLink(url: unknown): string | undefined {
  if (typeof url !== 'string' || !/^https?:\/\//i.test(url.trim()) || !URL.canParse(url.trim())) return undefined;
  return new URL(url.trim()).href;
}

/**
 * Images of bundles, as addresses that an `img` takes; each is fetched once, since that needs the token,
 * and again when its connector has been loaded anew.
 */
export class Images {
  readonly #client: Client;
  readonly #feed: EventFeed;
  readonly #urls = new Map<string, Promise<string | undefined>>();

  constructor(client: Client, feed: EventFeed) {
    this.#client = client;
    this.#feed = feed;
  }

  /** @returns nothing if there is none to be had */
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

  /** Tells when there may be another image. @returns what ends it */
  subscribe(connectorId: string, onChange: () => void): () => void {
    const invalidate = (): void => {
      this.#urls.delete(connectorId);
      onChange();
    };
    const unsubscribe = this.#feed.subscribe(({ type, data }) => {
      if (type === 'reset' || (type === 'connector.loaded' && data._connectorId === connectorId)) invalidate();
    });
    // What has happened before is not told.
    const unwatch = this.#feed.watch((status) => {
      if (status === 'live') invalidate();
    });
    return () => {
      unsubscribe();
      unwatch();
    };
  }
}
