/** The documents that this node last read or wrote. Each use asks the database whether they are current. */
import { LARGE_BYTES } from '../../json.ts';
import type { VersionedDocument } from './document-rows.ts';

const CACHE_BYTES = 64 * 1024 * 1024;
/** A parsed document takes this many times the memory of its JSON. */
const PARSED_FACTOR = 4;
/** Memory of a nearly empty document. */
const DOCUMENT_BYTES = 1_000;

export class DocumentCache {
  /** Least recently used first. */
  readonly #documents = new Map<string, VersionedDocument>();
  #bytes = 0;

  get(integrationId: string): VersionedDocument | undefined {
    const found = this.#documents.get(integrationId);
    if (!found) return undefined;
    this.#documents.delete(integrationId);
    this.#documents.set(integrationId, found);
    return found;
  }

  /** Keeps the newer of two revisions. */
  set(integrationId: string, next: VersionedDocument): void {
    const present = this.#documents.get(integrationId);
    if (present && present.revision > next.revision) return;
    this.delete(integrationId);
    this.#documents.set(integrationId, next);
    this.#bytes += memoryOf(next);
    for (const id of this.#documents.keys()) {
      if (this.#bytes <= CACHE_BYTES || id === integrationId) break;
      this.delete(id);
    }
  }

  delete(integrationId: string): void {
    const present = this.#documents.get(integrationId);
    if (!present) return;
    this.#bytes -= memoryOf(present);
    this.#documents.delete(integrationId);
  }
}

const memoryOf = ({ bytes }: VersionedDocument): number =>
  DOCUMENT_BYTES + (bytes > LARGE_BYTES ? bytes : PARSED_FACTOR * bytes);
