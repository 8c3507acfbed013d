/** The unit of copying: an item of a section, such as a document. Every engine lists items in the same order. */
import { hash } from 'node:crypto';
import type { KeyStore, Storage } from '../storage.ts';

/** A storage and the key that seals its credentials. */
export interface OpenStore {
  readonly storage: Storage;
  readonly keys: KeyStore;
}

export interface Item<Content> {
  /** Unique in its section. Items are listed in the order of their keys. */
  readonly key: readonly string[];
  /** SHA-256 of everything that must be equal in both stores. */
  readonly digest: string;
  readonly bytes: number;
  /** Its number in messages: a row of runs counts as several. */
  readonly count: number;
  readonly content: Content;
}

export type SectionName =
  | 'secretKey'
  | 'permissions'
  | 'bundles'
  | 'runs'
  | 'idempotencyKeys'
  | 'audit'
  | 'integrations'
  | 'jobs'
  | 'messages'
  | 'accessTokens'
  | 'oauthClients'
  | 'adminToken';

export interface Section<Content = unknown> {
  readonly name: SectionName;
  /** Lists items one by one, never all in memory. */
  list(store: OpenStore): AsyncIterable<Item<Content>>;
  /** Writes items that the store does not have. */
  write(store: OpenStore, items: readonly Item<Content>[]): Promise<void>;
}

/** An item that is compared by its JSON. */
export function jsonItem<Content>(key: readonly string[], content: Content, count = 1): Item<Content> {
  const text = JSON.stringify(content);
  return { key, digest: hash('sha256', text), bytes: text.length, count, content };
}

export function compareKeys(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index] ?? '';
    if (part !== other) return part < other ? -1 : 1;
  }
  return a.length - b.length;
}

/** The copy was refused or failed. The message is a sentence. */
export class CopyError extends Error {
  override readonly name = 'CopyError';
  readonly code: 'target_not_empty' | 'store_changed';
  constructor(code: CopyError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
