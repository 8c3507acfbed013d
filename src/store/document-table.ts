/**
 * The documents in memory. A small one is kept as its text, which is compact, and those that were used last as
 * values too; a large one is kept as its parts. Memory is about what the data folder holds.
 */
import { bytesOf, type Content, type Document, documentFrom, textOf } from './document.ts';
import { compareSortKeys, type DocumentJson, recordKinds, type SortKey, sortKeyOf } from './stored.ts';

/** Of texts whose documents are kept as values, which take three to five times as much. */
const PARSED_CACHE_BYTES = 4 * 1024 * 1024;

interface Row {
  readonly content: Content;
  readonly bytes: number;
  readonly sortKey: SortKey;
}

interface Parsed {
  readonly document: Document;
  isRecentlyUsed: boolean;
}

export class DocumentTable {
  readonly #rows = new Map<string, Row>();
  /** Sorted. */
  readonly #sortKeys: SortKey[] = [];
  /** Those first that were not used when room was wanted last. */
  readonly #parsed = new Map<string, Parsed>();
  #parsedBytes = 0;
  /** Whose each record is. */
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

  /** Its JSON, piece by piece; nothing of one that is not there. */
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
   * @param isRecentlyUsed whether a small one is to be kept as values too. Not at the start, where one comes after the
   * other: what passes through the map for a moment stays in memory as long as that does.
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

  /** The first document that comes after a place. */
  after(sortKey: SortKey | undefined): Document | undefined {
    const next = this.#sortKeys[sortKey ? this.#indexAfter(sortKey) : 0];
    return next && this.get(next[1]);
  }

  /** How many places are not after this one. */
  #indexAfter(sortKey: SortKey): number {
    // New ones are mostly the last.
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
    // At the end, where new ones go, `splice` would copy all of them each time.
    if (index === this.#sortKeys.length) this.#sortKeys.push(sortKey);
    else this.#sortKeys.splice(index, 0, sortKey);
  }

  /** A unit of work leaves what it has not changed as it was. */
  #updateOwners(before: Document | undefined, after: Document | undefined): void {
    const owner = (after ?? before)?.integration.head._id as string;
    for (const kind of recordKinds) {
      const [gone, come] = [before?.[kind], after?.[kind]];
      if (gone === come) continue;
      for (const id of gone?.keys() ?? []) if (!come?.has(id)) this.#owners.delete(id);
      for (const id of come?.keys() ?? []) if (!gone?.has(id)) this.#owners.set(id, owner);
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

  /** Those that were used since they were looked at last have another turn. */
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
