/**
 * The changes of one run or request to one integration, its records and state. Only the unit itself sees them
 * until it commits, which is one atomic write. Conflicts are detected at commit (optimistic concurrency).
 */
import type { Json } from '../json.ts';
import type { Author } from './audit.ts';
import {
  type Document,
  emptyDocument,
  isUnversionedChanged,
  type PlainParts,
  partsOfPresent,
  type RecordParts,
  revisionIn,
} from './document.ts';
import { Part, type TextFacts } from './part.ts';
import { isId, keyOf, nameOf, type PartKind, partKinds, type UnversionedKind } from './part-names.ts';
import { hasDanglingReference } from './references-exist.ts';
import { type Store, tooLarge } from './store.ts';
import { DOCUMENT_BYTES, type RecordKind, recordKinds, type Stored } from './stored.ts';
import { type Changes, NONE_TOUCHED, type TouchedPart } from './touched-parts.ts';

/** Another commit changed the same record, or removed one that this unit refers to, or referred to one that it removes. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

type Draft = { -readonly [Key in keyof Document]: Document[Key] };
type Parts = ReadonlyMap<string, Part<unknown>>;
const stateKey = (key: string): string => nameOf('state', key);

export class UnitOfWork {
  readonly integrationId: string;
  readonly #store: Store;
  /** The document when the unit began, or at its last commit. */
  #base: Document | undefined;
  /** The document as this unit sees it. */
  #draft: Draft | undefined;
  /** Undefined until the first change: most units make none. */
  #changes: Changes | undefined;
  /** Called before the size of the changes grows or shrinks. May throw to refuse the write. */
  onGrowth: ((bytes: number) => void) | undefined;
  /** The author of the changes, for the audit log. */
  author: Author | undefined;

  private constructor(store: Store, integrationId: string, base: Document | undefined) {
    this.#store = store;
    this.integrationId = integrationId;
    this.#base = base;
    this.#draft = base && { ...base };
  }

  static async open(store: Store, integrationId: string): Promise<UnitOfWork> {
    return new UnitOfWork(store, integrationId, await store.get(integrationId));
  }

  /**
   * Changes the current document and commits. Cannot conflict, because `work` is synchronous and runs
   * inside the commit.
   */
  static async change<T>(
    store: Store,
    integrationId: string,
    work: (unit: UnitOfWork) => T,
    author?: Author,
  ): Promise<T> {
    let done: { readonly result: T } | undefined;
    const apply = (current: Document | undefined): Document | undefined => {
      const unit = new UnitOfWork(store, integrationId, current);
      done = { result: work(unit) };
      return unit.hasChanges ? unit.#applyTo(current) : current;
    };
    await store.commit(integrationId, apply, author);
    if (!done) throw new Error('the store did not apply the change');
    return done.result;
  }

  /** Like `change`, and then refreshes this unit, which must have no changes. */
  async changeAtOnce<T>(work: (unit: UnitOfWork) => T): Promise<T> {
    if (this.hasChanges) throw new Error(`unit of work on ${this.integrationId} has uncommitted changes`);
    const result = await UnitOfWork.change(this.#store, this.integrationId, work, this.author);
    await this.refresh();
    return result;
  }

  /** Picks up what others have committed. Does nothing if this unit has changes. */
  async refresh(): Promise<void> {
    const document = await this.#store.get(this.integrationId);
    if (!this.hasChanges && document !== this.#base) this.#rebase(document);
  }

  /** Without its settings. */
  get integration(): Stored | undefined {
    return this.#draft?.integration.head;
  }

  get settings(): Part<undefined> | undefined {
    return this.#draft?.settings;
  }

  /**
   * Creates the integration if there is none.
   *
   * @param settings left unchanged if absent
   */
  putIntegration(next: Stored, settings?: Part<undefined>): void {
    const part = Part.ofRecord(next);
    const after = settings ?? this.settings;
    this.#touch(this.integrationId, part.bytes + (after === this.#base?.settings ? 0 : (after?.bytes ?? 0)));
    const integration = part.withRevision(this.revisionOf(this.integrationId));
    this.#draft ??= emptyDocument(integration);
    this.#draft.integration = integration;
    this.#draft.settings = after;
  }

  /** Number of writes of a record, including this unit's. */
  revisionOf(id: string): number {
    return revisionIn(this.#base, id) + (this.#touched.get(id)?.writes ?? 0);
  }

  records(kind: RecordKind): RecordParts {
    return this.#draft?.[kind] ?? new Map();
  }

  record(kind: RecordKind, id: string): Part | undefined {
    return this.#draft?.[kind].get(id);
  }

  /** The commit conflicts if another unit removes a record that this one refers to. */
  putRecord(kind: RecordKind, record: Stored | TextFacts<Stored>): Part {
    const unversioned = Part.of(record);
    const { _id } = unversioned.head;
    const { referencedIds } = this.#touch(_id, unversioned.bytes);
    for (const { id } of unversioned.references) if (typeof id === 'string') referencedIds.add(id);
    const part = unversioned.withRevision(this.revisionOf(_id));
    this.#mutableMap(kind).set(_id, part);
    return part;
  }

  removeRecord(kind: RecordKind, id: string): void {
    this.#touch(id);
    this.#mutableMap(kind).delete(id);
  }

  get state(): PlainParts {
    return this.#draft?.state ?? new Map();
  }

  /** The revision that a commit of this unit would give a state key. */
  stateRevisionOf(key: string): number {
    const written = [...this.#touched.keys()].filter((name) => keyOf('state', name) !== undefined);
    const index = written.indexOf(stateKey(key));
    if (index === -1) return revisionIn(this.#base, stateKey(key));
    return (this.#base?.stateWrites ?? 0) + index + 1;
  }

  /** @param text JSON */
  putState(key: string, text: Buffer): void {
    this.#touch(stateKey(key), text.length);
    this.#mutableMap('state').set(key, Part.ofText({ text, head: undefined }, this.revisionOf(stateKey(key))));
  }

  removeState(key: string): void {
    this.#touch(stateKey(key));
    this.#mutableMap('state').delete(key);
  }

  /** Parts that only the runtime writes, such as sealed OAuth tokens by connection. */
  unversioned(kind: UnversionedKind): PlainParts {
    return this.#draft?.[kind] ?? new Map();
  }

  /** @param value undefined removes the part */
  putUnversioned(kind: UnversionedKind, key: string, value: Json | undefined): void {
    const part = value === undefined ? undefined : Part.ofValue(value);
    this.#touch(nameOf(kind, key), part?.bytes ?? 0);
    const parts = this.#mutableMap(kind);
    if (part) parts.set(key, part);
    else parts.delete(key);
  }

  /** @throws StoreError, without a change, if the unit's changes would be too large */
  #touch(name: string, bytes = 0): Changes {
    const before = this.#touched.get(name);
    const growth = bytes - (before?.bytes ?? 0);
    const all = (this.#changes?.bytes ?? 0) + growth;
    if (all > DOCUMENT_BYTES && bytes > 0) throw tooLarge(this.integrationId);
    this.onGrowth?.(growth);
    this.#changes ??= { touched: new Map(), bytes: 0, referencedIds: new Set() };
    this.#changes.bytes = all;
    this.#changes.touched.set(name, { writes: (before?.writes ?? 0) + 1, bytes });
    return this.#changes;
  }

  /** The draft's own map of parts, copied from the base on its first change. */
  #mutableMap(kind: PartKind): Map<string, Part<unknown>> {
    if (!this.#draft) throw new Error(`unit of work on ${this.integrationId}: no integration`);
    if (this.#draft[kind] === this.#base?.[kind]) this.#set(kind, new Map<string, Part<unknown>>(this.#draft[kind]));
    return this.#draft[kind] as Map<string, Part<unknown>>;
  }

  #set(kind: PartKind, parts: Parts, draft = this.#draft as Draft): void {
    // The maps of records and state differ only in the type of their parts' heads.
    (draft as Record<PartKind, Parts>)[kind] = parts;
  }

  /** Removes the integration with its records and state. */
  removeAll(): void {
    this.#touch(this.integrationId);
    for (const kind of recordKinds) for (const id of this.records(kind).keys()) this.#touch(id);
    this.#draft = undefined;
  }

  get #touched(): ReadonlyMap<string, TouchedPart> {
    return this.#changes?.touched ?? NONE_TOUCHED;
  }

  get hasChanges(): boolean {
    return this.#changes !== undefined;
  }

  /**
   * Writes the changes, if any. The unit can be used again afterwards.
   *
   * @throws ConflictError
   */
  async commit(): Promise<void> {
    if (!this.hasChanges) return;
    const apply = (current: Document | undefined): Document | undefined => this.#applyTo(current);
    this.#rebase(await this.#store.commit(this.integrationId, apply, this.author));
  }

  #rebase(document: Document | undefined): void {
    this.#base = document;
    this.#draft = document && { ...document };
    const { bytes = 0 } = this.#changes ?? {};
    this.#changes = undefined;
    this.onGrowth?.(-bytes);
  }

  #applyTo(current: Document | undefined): Document | undefined {
    const base = this.#base;
    for (const id of this.#touched.keys()) {
      if (current === base) break;
      if (revisionIn(current, id) !== revisionIn(base, id)) throw new ConflictError();
      if (isUnversionedChanged(current, base, id)) throw new ConflictError();
    }
    const draft = this.#draft;
    if (!draft) return undefined;
    // The integration was removed meanwhile. Revisions show that only for records that existed, not for new ones.
    if (!current && base) throw new ConflictError();
    const next: Draft = current && current !== base ? this.#merged(current, draft) : { ...draft };
    if (next.connections !== current?.connections || next.flows !== current?.flows)
      Object.assign(next, partsOfPresent(next));
    this.#countStateWrites(current, next);
    if (current && current !== base) {
      const changedIds = [...this.#touched.keys()].filter((name) => isId(name) && name !== this.integrationId);
      if (hasDanglingReference(next, this.#changes?.referencedIds ?? [], changedIds)) throw new ConflictError();
    }
    return next;
  }

  /** The current document with this unit's touched parts. */
  #merged(current: Document, draft: Draft): Draft {
    const next: Draft = { ...current };
    if (this.#touched.has(this.integrationId)) {
      next.integration = draft.integration;
      if (draft.settings !== this.#base?.settings) next.settings = draft.settings;
    }
    for (const kind of partKinds) {
      if (draft[kind] === this.#base?.[kind]) continue;
      const parts = new Map<string, Part<unknown>>(current[kind]);
      for (const name of this.#touched.keys()) {
        const key = keyOf(kind, name);
        if (key === undefined) continue;
        const part = draft[kind].get(key);
        if (part) parts.set(key, part);
        else parts.delete(key);
      }
      this.#set(kind, parts, next);
    }
    return next;
  }

  /** Sets each written key's revision to the running count of writes to `state`. */
  #countStateWrites(current: Document | undefined, next: Draft): void {
    let writes = current?.stateWrites ?? 0;
    const state = new Map(next.state);
    for (const name of this.#touched.keys()) {
      const key = keyOf('state', name);
      if (key === undefined) continue;
      writes++;
      const part = state.get(key);
      if (part) state.set(key, part.withRevision(writes));
    }
    if (writes === next.stateWrites) return;
    next.state = state;
    next.stateWrites = writes;
  }
}
