/**
 * All documents, in memory. Small documents are stored as JSON text, which is compact, with a cache of parsed ones.
 * Large documents are stored as parts. Memory use is about the size of the data folder.
 */
import { bytesOf, type Content, type Document, documentFrom, textOf } from './document.ts';
import { compareSortKeys, type DocumentJson, recordKinds, type SortKey, sortKeyOf } from './stored.ts';

/** JSON bytes of all cached parsed documents; parsed they take three to five times as much memory. */
const PARSED_CACHE_BYTES = 4 * 1024 * 1024;

interface Row {
  readonly content: Content;
  readonly bytes: number;
  readonly sortKey: SortKey;
}

interface ParsedDocument {
  readonly document: Document;
  isRecentlyUsed: boolean;
}

export class DocumentTable {
  readonly #rows = new Map<string, Row>();
  readonly #sortKeys: SortKey[] = [];
  /** In eviction order (second-chance algorithm). */
  readonly #parsed = new Map<string, ParsedDocument>();
  #parsedBytes = 0;
  /** Integration id by record id. */
  readonly #owners = new Map<string, string>();

  get(id: string): Document | undefined {
    const row = this.#rows.get(id);
    if (!row) return undefined;
    if (!Buffer.isBuffer(row.content)) return row.content;
    const parsed = this.#parsed.get(id);
    if (parsed) {
      parsed.isRecentlyUsed = true;
      return parsed.document;
    }
    const document = documentFrom(JSON.parse(row.content.toString()) as DocumentJson);
    this.#cacheParsed(id, document, row.bytes);
    return document;
  }

  /** The document's JSON in pieces; empty if there is no such document. */
  textOf(id: string): Iterable<string | Buffer> {
    const content = this.#rows.get(id)?.content;
    if (content === undefined) return [];
    return Buffer.isBuffer(content) ? [content] : textOf(content);
  }

  bytesOf(id: string): number {
    return this.#rows.get(id)?.bytes ?? 0;
  }

  isLarge(id: string): boolean {
    const content = this.#rows.get(id)?.content;
    return content !== undefined && !Buffer.isBuffer(content);
  }

  ownerOf(id: string): string | undefined {
    return this.#rows.has(id) ? id : this.#owners.get(id);
  }

  /**
   * @param isRecentlyUsed adds a small document to the parsed cache. False at start, when every document passes
   * through once: short-lived entries would stay in memory as long as the map itself.
   */
  set(id: string, document: Document, content: Content, isRecentlyUsed = true): void {
    const before = this.#rows.get(id);
    const sortKey = sortKeyOf(document.integration.head);
    this.#updateOwners(before ? this.get(id) : undefined, document);
    this.#evict(id);
    if (before && compareSortKeys(before.sortKey, sortKey) !== 0)
      this.#sortKeys.splice(this.#indexAfter(before.sortKey) - 1, 1);
    if (!before || compareSortKeys(before.sortKey, sortKey) !== 0) this.#insert(sortKey);
    const isSmall = Buffer.isBuffer(content);
    const bytes = isSmall ? content.length : bytesOf(content);
    this.#rows.set(id, { content, bytes, sortKey });
    if (isRecentlyUsed && isSmall) this.#cacheParsed(id, document, bytes);
  }

  delete(id: string): void {
    const row = this.#rows.get(id);
    if (!row) return;
    this.#updateOwners(this.get(id), undefined);
    this.#evict(id);
    this.#sortKeys.splice(this.#indexAfter(row.sortKey) - 1, 1);
    this.#rows.delete(id);
  }

  /** The first document after a sort key. */
  after(sortKey: SortKey | undefined): Document | undefined {
    const next = this.#sortKeys[sortKey ? this.#indexAfter(sortKey) : 0];
    return next && this.get(next[1]);
  }

  /** Number of sort keys up to and including this one. */
  #indexAfter(sortKey: SortKey): number {
    // A new document is nearly always the last.
    const last = this.#sortKeys.at(-1);
    if (!last || compareSortKeys(last, sortKey) <= 0) return this.#sortKeys.length;
    let [low, high] = [0, this.#sortKeys.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareSortKeys(this.#sortKeys[middle] as SortKey, sortKey) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(sortKey: SortKey): void {
    const index = this.#indexAfter(sortKey);
    // At the end `splice` would still copy the whole array.
    if (index === this.#sortKeys.length) this.#sortKeys.push(sortKey);
    else this.#sortKeys.splice(index, 0, sortKey);
  }

  /** Unchanged kinds keep their map, so that comparing identity is enough. */
  #updateOwners(before: Document | undefined, after: Document | undefined): void {
    const owner = (after ?? before)?.integration.head._id as string;
    for (const kind of recordKinds) {
      const [oldRecords, newRecords] = [before?.[kind], after?.[kind]];
      if (oldRecords === newRecords) continue;
      for (const id of oldRecords?.keys() ?? []) if (!newRecords?.has(id)) this.#owners.delete(id);
      for (const id of newRecords?.keys() ?? []) if (!oldRecords?.has(id)) this.#owners.set(id, owner);
    }
  }

  #evict(id: string): void {
    if (this.#parsed.delete(id)) this.#parsedBytes -= this.bytesOf(id);
  }

  #cacheParsed(id: string, document: Document, bytes: number): void {
    this.#parsed.set(id, { document, isRecentlyUsed: false });
    this.#parsedBytes += bytes;
    if (this.#parsedBytes > PARSED_CACHE_BYTES) this.#evictOldest();
  }

  /** A document used since the last pass gets a second chance. */
  #evictOldest(): void {
    for (const [id, parsed] of this.#parsed) {
      if (this.#parsedBytes <= PARSED_CACHE_BYTES || this.#parsed.size === 1) return;
      if (parsed.isRecentlyUsed) {
        parsed.isRecentlyUsed = false;
        this.#parsed.delete(id);
        this.#parsed.set(id, parsed);
      } else {
        this.#evict(id);
      }
    }
  }
}
