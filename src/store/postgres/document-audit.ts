/** Entries of the audit log for commits of documents, which are written in the commit's statement. */
import { type AuditEntry, type Author, entryMaker, type MakeEntries } from '../audit.ts';
import { auditedEvents } from '../audited-change.ts';
import type { Document } from '../document.ts';
import type { PostgresAuditStore } from './audit-store.ts';

export class DocumentAudit {
  readonly #store: PostgresAuditStore;
  readonly #makeEntries: MakeEntries;

  constructor(store: PostgresAuditStore, now?: () => number) {
    this.#store = store;
    this.#makeEntries = entryMaker(now);
  }

  entriesOf(
    integrationId: string,
    before: Document | undefined,
    after: Document | undefined,
    author: Author | undefined,
  ): readonly AuditEntry[] {
    return author ? this.#makeEntries(author, auditedEvents(integrationId, before, after, author)) : [];
  }

  wrote(entries: readonly AuditEntry[]): void {
    this.#store.wrote(entries);
  }
}
