/**
 * Everything that a run or a request changes, seen by it at once and by nobody else before the
 * commit, which is one atomic write. It covers one integration and what that groups.
 */
import { type Document, type PartKind, partKinds, type RecordParts, STATE } from './document.ts';
import { Part, type TextFacts } from './part.ts';
import { type Store, tooLarge } from './store.ts';
import { DOCUMENT_BYTES, type RecordKind, recordKinds, type Stored } from './stored.ts';

/** A record that this unit changes was changed by another after this one had read it. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

type Draft = { -readonly [Key in keyof Document]: Document[Key] };
type Parts = ReadonlyMap<string, Part<unknown>>;
/** A state key among the ids of records. */
const stateKey = (key: string): string => STATE + key;

/** How often something has been written, and the bytes of its JSON. */
interface TouchedPart {
  readonly writes: number;
  readonly bytes: number;
}

interface Changes {
  /** By ids (and state keys). */
  readonly touched: Map<string, TouchedPart>;
  /** Of all of them; the memory that a unit may take is bounded like the document. */
  bytes: number;
  /** Ids of records that what the unit has written refers to. */
  readonly referencedIds: Set<string>;
}

const NONE_TOUCHED: ReadonlyMap<string, TouchedPart> = new Map();

export class UnitOfWork {
  readonly integrationId: string;
  readonly #store: Store;
  /** As it was when the unit began. */
  #base: Document | undefined;
  /** As this unit sees it. */
  #draft: Draft | undefined;
  /** Made with the first: most units have none. */
  #changes: Changes | undefined;
  /** Told before the unit holds more, or less; may throw, and the write is refused. */
  onGrowth: ((bytes: number) => void) | undefined;

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
   * Changes an integration as it is when its turn comes, and commits: no conflict is possible. For
   * work of ours, which is done in one go.
   */
  static async change<T>(store: Store, integrationId: string, work: (unit: UnitOfWork) => T): Promise<T> {
    let done: { readonly result: T } | undefined;
    await store.commit(integrationId, (current) => {
      const unit = new UnitOfWork(store, integrationId, current);
      done = { result: work(unit) };
      return unit.hasChanges ? unit.#applyTo(current) : current;
    });
    if (!done) throw new Error('the store has not asked for the change');
    return done.result;
  }

  /** The same for a unit that goes on: it sees what was committed, its own and others'. It must have no changes. */
  async changeAtOnce<T>(work: (unit: UnitOfWork) => T): Promise<T> {
    if (this.hasChanges)
      throw new Error(`unit of work on ${this.integrationId}: it has changes that are not committed`);
    const result = await UnitOfWork.change(this.#store, this.integrationId, work);
    await this.refresh();
    return result;
  }

  /** Sees what others have committed since; not if it has changes of its own. */
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
   * Creates the integration if the unit sees none.
   *
   * @param settings absent: they stay as they are
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

  /** How often a record has been written, this unit's own changes counted. */
  revisionOf(id: string): number {
    return revisionIn(this.#base, id) + (this.#touched.get(id)?.writes ?? 0);
  }

  records(kind: RecordKind): RecordParts {
    return this.#draft?.[kind] ?? new Map();
  }

  record(kind: RecordKind, id: string): Part | undefined {
    return this.#draft?.[kind].get(id);
  }

  /** A record as a value, or as text. What it refers to, in this integration, must stay. */
  putRecord(kind: RecordKind, record: Stored | TextFacts<Stored>): Part {
    const made = isText(record) ? Part.ofText(record) : Part.ofRecord(record);
    const { _id } = made.head;
    const { referencedIds } = this.#touch(_id, made.bytes);
    for (const { id } of made.references) if (typeof id === 'string') referencedIds.add(id);
    const part = made.withRevision(this.revisionOf(_id));
    this.#mutableMap(kind).set(_id, part);
    return part;
  }

  removeRecord(kind: RecordKind, id: string): void {
    this.#touch(id);
    this.#mutableMap(kind).delete(id);
  }

  get state(): ReadonlyMap<string, Part<undefined>> {
    return this.#draft?.state ?? new Map();
  }

  /** Of a key of the state: what a commit of this unit would give it. */
  stateRevisionOf(key: string): number {
    const written = [...this.#touched.keys()].filter((name) => name.startsWith(STATE));
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

  /** @throws StoreError before anything is changed, if what the unit has written would be too large */
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

  /** A map of the draft to be changed in place: copied once, however often it is changed. */
  #mutableMap(kind: PartKind): Map<string, Part<unknown>> {
    if (!this.#draft) throw new Error(`unit of work on ${this.integrationId}: there is no integration`);
    if (this.#draft[kind] === this.#base?.[kind]) this.#set(kind, new Map<string, Part<unknown>>(this.#draft[kind]));
    return this.#draft[kind] as Map<string, Part<unknown>>;
  }

  #set(kind: PartKind, parts: Parts, draft = this.#draft as Draft): void {
    // Records and state values differ in what is known of them alone.
    (draft as Record<PartKind, Parts>)[kind] = parts;
  }

  /** Removes the integration and all that it groups. */
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
   * Writes what the unit changed; nothing if it changed nothing. A unit may go on after a commit.
   *
   * @throws ConflictError
   */
  async commit(): Promise<void> {
    if (!this.hasChanges) return;
    this.#rebase(await this.#store.commit(this.integrationId, (current) => this.#applyTo(current)));
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
      if (current !== base && revisionIn(current, id) !== revisionIn(base, id)) throw new ConflictError();
    }
    const draft = this.#draft;
    if (!draft) return undefined;
    // Gone in the meantime: what the unit changed had a revision then, unless it is new.
    if (!current && base) throw new ConflictError();
    const next: Draft = current && current !== base ? this.#merged(current, draft) : { ...draft };
    this.#countStateWrites(current, next);
    if (current && current !== base) this.#assertReferencesExist(next);
    return next;
  }

  /** The present document, with what this unit has touched taken from its draft. */
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
        if (name.startsWith(STATE) !== (kind === 'state')) continue;
        const key = kind === 'state' ? name.slice(STATE.length) : name;
        const part = draft[kind].get(key);
        if (part) parts.set(key, part);
        else parts.delete(key);
      }
      this.#set(kind, parts, next);
    }
    return next;
  }

  /** A state key's revision is the count of all writes of `state` at its last one. */
  #countStateWrites(current: Document | undefined, next: Draft): void {
    let writes = current?.stateWrites ?? 0;
    const state = new Map(next.state);
    for (const name of this.#touched.keys()) {
      if (!name.startsWith(STATE)) continue;
      writes++;
      const key = name.slice(STATE.length);
      const part = state.get(key);
      if (part) state.set(key, part.withRevision(writes));
    }
    if (writes === next.stateWrites) return;
    next.state = state;
    next.stateWrites = writes;
  }

  /** What others did in the meantime may have taken what this unit refers to, or refer to what it took. */
  #assertReferencesExist(merged: Document): void {
    const exists = (id: string): boolean => recordKinds.some((kind) => merged[kind].has(id));
    for (const id of this.#changes?.referencedIds ?? []) if (!exists(id)) throw new ConflictError();
    const removed = new Set(
      [...this.#touched.keys()].filter((id) => !id.startsWith(STATE) && id !== this.integrationId && !exists(id)),
    );
    if (removed.size === 0) return;
    for (const kind of recordKinds) {
      for (const { references } of merged[kind].values()) {
        if (references.some(({ id }) => typeof id === 'string' && removed.has(id))) throw new ConflictError();
      }
    }
  }
}

function isText(record: Stored | TextFacts<Stored>): record is TextFacts<Stored> {
  return Buffer.isBuffer((record as { text?: unknown }).text);
}

/** 0 of what is not there. */
function revisionIn(document: Document | undefined, id: string): number {
  if (!document) return 0;
  if (document.integration.head._id === id) return document.integration.revision;
  if (id.startsWith(STATE)) return document.state.get(id.slice(STATE.length))?.revision ?? 0;
  for (const kind of recordKinds) {
    const part = document[kind].get(id);
    if (part) return part.revision;
  }
  return 0;
}

function emptyDocument(integration: Part): Draft {
  // A map for each: the unit changes them in place.
  const [connections, exports, imports, flows] = [new Map(), new Map(), new Map(), new Map()];
  return { integration, settings: undefined, connections, exports, imports, flows, state: new Map(), stateWrites: 0 };
}
