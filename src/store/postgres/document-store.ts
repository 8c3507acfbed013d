/**
 * Documents in PostgreSQL. A read asks for the revision, and loads the document only if the cached one differs. A
 * commit writes the changed parts in one transaction if the document's revision is still the one that the change was
 * based on. Otherwise it repeats the change on the current document.
 */
import { randomUUID } from 'node:crypto';
import { LARGE_BYTES } from '../../json.ts';
import type { Author } from '../audit.ts';
import { type Document, recordIdsOf } from '../document.ts';
import { changeProblem, type DocumentCheck } from '../document-check.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { type StoreListener, StoreListeners } from '../listeners.ts';
import type { Part } from '../part.ts';
import {
  type Change,
  type RecordQuery,
  type Store,
  StoreError,
  type StoreProblem,
  tooLarge,
  tooManyRecords,
} from '../store.ts';
import { DOCUMENT_BYTES, RECORDS_MAX, type RecordKind, type SortKey } from '../stored.ts';
import { auditArrays } from './audit-statements.ts';
import type { Database } from './database.ts';
import type { DocumentAudit } from './document-audit.ts';
import { DocumentCache } from './document-cache.ts';
import { DocumentLocks } from './document-locks.ts';
import {
  asCached,
  changesOf,
  type DocumentRow,
  documentOf,
  recordOf,
  type VersionedDocument,
} from './document-rows.ts';
import { COMMITTED, LOAD, OWNER, PAGE, RECORD_PAGE, RECORDS, REMOVE } from './document-statements.ts';
import { DocumentWriter } from './document-writer.ts';
import { groupsOf } from './groups.ts';
import { RevisionReader } from './revision-reader.ts';
import { settle } from './settle.ts';

/** Attempts of a change while other nodes are faster. Each time, one node succeeds. */
const ATTEMPTS = 100;
/** What a list loads at once: documents or records, and bytes. */
const PAGE_DOCUMENTS = 200;
const PAGE_RECORDS = 1_000;
const PAGE_BYTES = 4 * 1024 * 1024;

interface PageRow {
  readonly integration: string;
  readonly created: string;
  readonly revision: string;
  readonly bytes: string;
  readonly is_locked: boolean;
}

interface RecordPageRow {
  readonly integration: string;
  readonly created: string;
  readonly key: string;
  readonly bytes: string;
}

type RecordRow = Pick<DocumentRow, 'revision' | 'facts'> & { readonly bytes: string; readonly text: string };

export class PostgresDocuments implements Store {
  readonly #database: Database;
  readonly #locks: DocumentLocks;
  readonly #check: DocumentCheck | undefined;
  readonly #cache = new DocumentCache();
  readonly #revisions: RevisionReader;
  readonly #writer: DocumentWriter;
  readonly #queue = new KeyedQueue();
  readonly #listeners = new StoreListeners();
  readonly #audit: DocumentAudit;
  #isClosed = false;

  constructor(database: Database, node: string, audit: DocumentAudit, check?: DocumentCheck) {
    this.#database = database;
    this.#locks = new DocumentLocks(database, node);
    this.#check = check;
    this.#audit = audit;
    this.#revisions = new RevisionReader(database);
    this.#writer = new DocumentWriter(database);
  }

  get problems(): readonly StoreProblem[] {
    const { problem } = this.#database;
    return problem ? [{ name: 'database', message: problem.message }] : [];
  }

  async get(integrationId: string): Promise<Document | undefined> {
    return (await this.#current(integrationId))?.document;
  }

  async *documents(after?: SortKey, count = PAGE_DOCUMENTS): AsyncGenerator<Document> {
    let cursor: readonly string[] = after ?? ['', ''];
    for (let size = Math.min(count, PAGE_DOCUMENTS); ; size = PAGE_DOCUMENTS) {
      const rows = await this.#database.query<PageRow>(PAGE, [...cursor, size]);
      for (const group of groupsOf(rows, { bytes: PAGE_BYTES })) yield* await this.#loadAll(group);
      const last = rows.at(-1);
      if (!last || rows.length < size) return;
      cursor = [last.created, last.integration];
    }
  }

  async *records(kind: RecordKind, { after, limit, matches }: RecordQuery): AsyncGenerator<Part> {
    let cursor: readonly string[] = after ?? ['', ''];
    let found = 0;
    for (let size = Math.min(limit, PAGE_RECORDS); found < limit; size = PAGE_RECORDS) {
      const rows = await this.#database.query<RecordPageRow>(RECORD_PAGE, [kind, ...cursor, size]);
      for (const group of groupsOf(rows, { bytes: PAGE_BYTES })) {
        const keys = [group.map(({ integration }) => integration), group.map(({ key }) => key)];
        for (const row of await this.#database.query<RecordRow>(RECORDS, [kind, ...keys])) {
          const record = recordOf(row, Number(row.bytes) > LARGE_BYTES);
          if (!matches(record.head)) continue;
          yield record;
          if (++found === limit) return;
        }
      }
      const last = rows.at(-1);
      if (!last || rows.length < size) return;
      cursor = [last.created, last.key];
    }
  }

  async ownerOf(id: string): Promise<string | undefined> {
    const [row] = await this.#database.query<{ integration: string }>(OWNER, [id]);
    return row?.integration;
  }

  commit(integrationId: string, change: Change, author?: Author): Promise<Document | undefined> {
    return this.#queue.run(integrationId, () => this.#commit(integrationId, change, author));
  }

  lock(integrationId: string): Promise<(() => Promise<void>) | undefined> {
    return this.#locks.lock(integrationId);
  }

  isLocked(integrationId: string): boolean {
    return this.#locks.isLocked(integrationId);
  }

  subscribe(listener: StoreListener): () => void {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#queue.idle();
    this.#locks.close();
  }

  async #current(integrationId: string): Promise<VersionedDocument | undefined> {
    const current = await this.#revisions.read(integrationId);
    this.#locks.found(integrationId, current?.isLocked === true);
    const known = this.#cache.get(integrationId);
    if (current && known && known.revision >= current.revision) return known;
    if (!current) {
      this.#cache.delete(integrationId);
      return undefined;
    }
    return this.#load(integrationId, known);
  }

  async #load(integrationId: string, known: VersionedDocument | undefined): Promise<VersionedDocument | undefined> {
    const rows = await this.#database.query<DocumentRow>(LOAD, [[integrationId], known?.revision ?? 0]);
    if (rows.length === 0) {
      this.#cache.delete(integrationId);
      return undefined;
    }
    const loaded = await documentOf(rows, known);
    this.#cache.set(integrationId, loaded);
    return loaded;
  }

  /** In the order of the rows, without documents removed meanwhile. */
  async #loadAll(rows: readonly PageRow[]): Promise<Document[]> {
    const found = new Map<string, Document>();
    for (const { integration, revision, is_locked } of rows) {
      this.#locks.found(integration, is_locked);
      const known = this.#cache.get(integration);
      if (known && known.revision >= Number(revision)) found.set(integration, known.document);
    }
    const missing = rows.map(({ integration }) => integration).filter((id) => !found.has(id));
    if (missing.length > 0) {
      const loaded = await this.#database.query<DocumentRow>(LOAD, [missing, 0]);
      for (const [id, own] of Map.groupBy(loaded, ({ integration }) => integration)) {
        if (own.some(({ kind }) => kind === null)) found.set(id, (await documentOf(own)).document);
      }
    }
    return rows.flatMap(({ integration }) => found.get(integration) ?? []);
  }

  async #commit(integrationId: string, change: Change, author: Author | undefined): Promise<Document | undefined> {
    if (this.#isClosed) throw new StoreError('store_unavailable', 'The store is closed.');
    // Try the cached document first: it is usually current, and the write checks it.
    let before = this.#cache.get(integrationId);
    let isCurrent = false;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      let next: Document | undefined;
      try {
        next = change(before?.document);
      } catch (error) {
        if (isCurrent) throw error;
      }
      if (next && next !== before?.document) {
        const committed = await this.#write(integrationId, before, next, author);
        if (committed) return committed;
      } else if (isCurrent) {
        if (next) return next;
        if (!before) return undefined;
        if (await this.#remove(integrationId, before, author)) return undefined;
      }
      before = await this.#current(integrationId);
      isCurrent = true;
    }
    throw new StoreError('store_unavailable', `${integrationId} keeps changing.`);
  }

  /** @returns undefined if the document has another revision */
  async #write(
    integrationId: string,
    before: VersionedDocument | undefined,
    next: Document,
    author: Author | undefined,
  ): Promise<Document | undefined> {
    // A document that we could not read again is our bug: caught before it does harm.
    const problem = changeProblem(before?.document, next, this.#check, integrationId);
    if (problem) throw new Error(`document ${integrationId} does not fit its schema: ${problem}`);
    const records = recordIdsOf(next).length;
    if (records > Math.max(RECORDS_MAX, recordIdsOf(before?.document).length)) throw tooManyRecords(integrationId);
    const changes = await changesOf(before?.document, next);
    const bytes = (before?.bytes ?? 0) + changes.bytes;
    if (bytes > Math.max(DOCUMENT_BYTES, before?.bytes ?? 0)) throw tooLarge(integrationId);
    const { head, revision: ownRevision } = next.integration;
    const { createdAt } = head;
    const { stateWrites } = next;
    const { own } = changes;
    const entries = this.#audit.entriesOf(integrationId, before?.document, next, author);
    const commitId = randomUUID();
    const values = {
      integrationId,
      createdAt,
      ownRevision,
      stateWrites,
      bytes,
      own,
      commitId,
      before: before?.revision,
    };
    const revision = await this.#settle(integrationId, async (unsettled) => {
      const written = await this.#writer.write({ values, changes, entries });
      return written ?? (unsettled && ((await this.#revisionOf(integrationId, commitId)) ?? unsettled));
    });
    if (revision instanceof StoreError) throw revision;
    if (revision === undefined) return undefined;
    this.#audit.wrote(entries);
    const written = asCached({ document: next, revision, bytes });
    this.#cache.set(integrationId, written);
    this.#listeners.emit({ integrationId, before: before?.document, after: written.document, author });
    return written.document;
  }

  /** @returns false if the document has another revision */
  async #remove(integrationId: string, before: VersionedDocument, author: Author | undefined): Promise<boolean> {
    const entries = this.#audit.entriesOf(integrationId, before.document, undefined, author);
    const isRemoved = await this.#settle(integrationId, async (unsettled) => {
      const removed = await this.#database.query(REMOVE, [integrationId, before.revision, ...auditArrays(entries)]);
      return (
        removed.length > 0 || (unsettled !== undefined && (await this.#revisions.read(integrationId)) === undefined)
      );
    });
    if (!isRemoved) return false;
    this.#audit.wrote(entries);
    this.#cache.delete(integrationId);
    this.#listeners.emit({ integrationId, before: before.document, after: undefined, author });
    return true;
  }

  /** Undefined if the commit is not there, or is no longer the last one. */
  async #revisionOf(integrationId: string, commitId: string): Promise<number | undefined> {
    const [row] = await this.#database.query<{ revision: string }>(COMMITTED, [integrationId, commitId]);
    return row && Number(row.revision);
  }

  /** Repeating is safe: writes depend on the revision, so the second of two equal ones changes nothing. */
  #settle<T>(integrationId: string, write: (unsettled?: StoreError) => Promise<T>): Promise<T> {
    return settle(write, () => this.#cache.delete(integrationId));
  }
}
