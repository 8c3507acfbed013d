/** Images that connectors name: from elsewhere by a safe scheme, or from their own bundle. */
import type { Client } from '../api/client.ts';

/** What an `img` may show: nothing that runs. */
export function isSafeImage(url: string): boolean {
  return /^https?:\/\//i.test(url) || /^data:image\//i.test(url);
}

/** What a link may lead to. Anything else (`javascript:`, `data:`, a relative path) is shown as text. */
export function safeLink(url: unknown): string | undefined {
  if (typeof url !== 'string' || !/^https?:\/\//i.test(url.trim()) || !URL.canParse(url.trim())) return undefined;
  return new URL(url.trim()).href;
}

/** Images of bundles, as addresses that an `img` takes; each is fetched once, since that needs the token. */
export class Images {
  readonly #client: Client;
  readonly #urls = new Map<string, Promise<string | undefined>>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** @returns nothing if there is none to be had */
  ofConnector(connectorId: string, version: string): Promise<string | undefined> {
    const key = `${connectorId} ${version}`;
    const known = this.#urls.get(key);
    if (known) return known;
    const url = this.#client
      .fetch('GET', `/connectors/${encodeURIComponent(connectorId)}/image`)
      .then((response) => response.blob())
      .then((blob) => (blob.type.startsWith('image/') ? URL.createObjectURL(blob) : undefined))
      .catch(() => undefined);
    this.#urls.set(key, url);
    return url;
  }
}
