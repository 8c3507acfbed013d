/**
 * The documents in memory. A small one is kept as its text, which is compact, and those that were used last as
 * values too; a large one is kept as its parts. Memory is about what the data folder holds.
 */
import { bytesOf, type Content, type Document, documentFrom, textOf } from './document.ts';
import { compareSortKeys, type DocumentJson, recordKinds, type SortKey, sortKeyOf } from './stored.ts';

/** Of texts whose documents are kept as values, which take three to five times as much. */
const PARSED_BYTES = 4 * 1024 * 1024;

interface Row {
  readonly content: Content;
  readonly bytes: number;
  readonly place: SortKey;
}

interface Parsed {
  readonly document: Document;
  isUsed: boolean;
}

export class DocumentTable {
  readonly #rows = new Map<string, Row>();
  /** Sorted. */
  readonly #places: SortKey[] = [];
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
      parsed.isUsed = true;
      return parsed.document;
    }
    const document = documentFrom(JSON.parse(row.content.toString()) as DocumentJson);
    this.#keepParsed(id, document, row.bytes);
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
   * @param isUsed whether a small one is to be kept as values too. Not at the start, where one comes after the
   * other: what passes through the map for a moment stays in memory as long as that does.
   */
  set(id: string, document: Document, content: Content, isUsed = true): void {
    const before = this.#rows.get(id);
    const place = sortKeyOf(document.integration.head);
    this.#own(before ? this.get(id) : undefined, document);
    this.#forget(id);
    if (before && compareSortKeys(before.place, place) !== 0)
      this.#places.splice(this.#indexAfter(before.place) - 1, 1);
    if (!before || compareSortKeys(before.place, place) !== 0) this.#insert(place);
    const isSmall = Buffer.isBuffer(content);
    const bytes = isSmall ? content.length : bytesOf(content);
    this.#rows.set(id, { content, bytes, place });
    if (isUsed && isSmall) this.#keepParsed(id, document, bytes);
  }

  delete(id: string): void {
    const row = this.#rows.get(id);
    if (!row) return;
    this.#own(this.get(id), undefined);
    this.#forget(id);
    this.#places.splice(this.#indexAfter(row.place) - 1, 1);
    this.#rows.delete(id);
  }

  /** The first document that comes after a place. */
  after(place: SortKey | undefined): Document | undefined {
    const next = this.#places[place ? this.#indexAfter(place) : 0];
    return next && this.get(next[1]);
  }

  /** How many places are not after this one. */
  #indexAfter(place: SortKey): number {
    // New ones are mostly the last.
    const last = this.#places.at(-1);
    if (!last || compareSortKeys(last, place) <= 0) return this.#places.length;
    let [low, high] = [0, this.#places.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareSortKeys(this.#places[middle] as SortKey, place) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(place: SortKey): void {
    const index = this.#indexAfter(place);
    // At the end, where new ones go, `splice` would copy all of them each time.
    if (index === this.#places.length) this.#places.push(place);
    else this.#places.splice(index, 0, place);
  }

  /** A unit of work leaves what it has not changed as it was. */
  #own(before: Document | undefined, after: Document | undefined): void {
    const owner = (after ?? before)?.integration.head._id as string;
    for (const kind of recordKinds) {
      const [gone, come] = [before?.[kind], after?.[kind]];
      if (gone === come) continue;
      for (const id of gone?.keys() ?? []) if (!come?.has(id)) this.#owners.delete(id);
      for (const id of come?.keys() ?? []) if (!gone?.has(id)) this.#owners.set(id, owner);
    }
  }

  #forget(id: string): void {
    if (this.#parsed.delete(id)) this.#parsedBytes -= this.bytesOf(id);
  }

  #keepParsed(id: string, document: Document, bytes: number): void {
    this.#parsed.set(id, { document, isUsed: false });
    this.#parsedBytes += bytes;
    if (this.#parsedBytes > PARSED_BYTES) this.#forgetOldest();
  }

  /** Those that were used since they were looked at last have another turn. */
  #forgetOldest(): void {
    for (const [id, parsed] of this.#parsed) {
      if (this.#parsedBytes <= PARSED_BYTES || this.#parsed.size === 1) return;
      if (parsed.isUsed) {
        parsed.isUsed = false;
        this.#parsed.delete(id);
        this.#parsed.set(id, parsed);
      } else {
        this.#forget(id);
      }
    }
  }
}
