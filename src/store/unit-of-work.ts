/**
 * Everything that a run or a request changes, seen by it at once and by nobody else before the
 * commit, which is one atomic write. It covers one integration and what that groups.
 */
import type { Json, JsonObject } from '../json.ts';
import {
  DOCUMENT_LIMIT_CHARS,
  type Document,
  FORMAT,
  type RecordKind,
  recordIdsOf,
  recordKinds,
  type Store,
  type Stored,
  tooLarge,
} from './store.ts';

/** A record that this unit changes was changed by another after this one had read it. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

type Draft = { -readonly [Key in keyof Document]: Document[Key] };
type Part = RecordKind | 'state';
/** `state` keys have revisions of their own, under a name that no id has. */
const STATE = 'state:';
const stateKey = (key: string): string => STATE + key;

export class UnitOfWork {
  readonly integrationId: string;
  readonly #store: Store;
  /** As it was when the unit began. */
  #base: Document | undefined;
  /** As this unit sees it. */
  #draft: Draft | undefined;
  /** Ids (and state keys) that the unit has changed. */
  readonly #touched = new Set<string>();
  /** Ids of records that what the unit has written refers to. */
  readonly #reliedOn = new Set<string>();
  /** Parts of the draft that are the unit's own, and no longer the document's. */
  readonly #copied = new Set<Part>();
  /** What it holds in memory beside the document: characters of JSON, by id or state key. */
  readonly #written = new Map<string, number>();
  #writtenChars = 0;
  /** Told before the unit holds more, or less; may throw, and the write is refused. */
  onGrowth: ((chars: number) => void) | undefined;

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
    this.#rebase(await this.#store.get(this.integrationId));
    return result;
  }

  get integration(): Stored | undefined {
    return this.#draft?.integration;
  }

  /** Creates the integration if the unit sees none. */
  set integration(next: Stored) {
    this.#account(this.integrationId, next);
    this.#touched.add(this.integrationId);
    this.#draft ??= { ...emptyDocument(next) };
    this.#draft.integration = next;
  }

  /** How often a record has been written, this unit's own change counted. */
  revisionOf(id: string): number {
    const committed = this.#base?.revisions[id] ?? 0;
    return this.#touched.has(id) ? committed + 1 : committed;
  }

  records(kind: RecordKind): readonly Stored[] {
    return this.#draft ? Object.values(this.#draft[kind]) : [];
  }

  record(kind: RecordKind, id: string): Stored | undefined {
    return this.#draft && Object.hasOwn(this.#draft[kind], id) ? this.#draft[kind][id] : undefined;
  }

  /** @param references ids of records of this integration that it refers to, and that must stay */
  putRecord(kind: RecordKind, record: Stored, references: Iterable<string> = []): void {
    this.#account(record._id, record);
    this.#touched.add(record._id);
    for (const id of references) this.#reliedOn.add(id);
    this.#own(kind)[record._id] = record;
  }

  removeRecord(kind: RecordKind, id: string): void {
    this.#account(id);
    this.#touched.add(id);
    delete this.#own(kind)[id];
  }

  get state(): JsonObject {
    return this.#draft?.state ?? {};
  }

  putState(key: string, value: Json): void {
    this.#account(stateKey(key), value);
    this.#touched.add(stateKey(key));
    // Whatever the key is: an assignment to `__proto__` would be something else.
    Object.defineProperty(this.#own('state'), key, { value, writable: true, enumerable: true, configurable: true });
  }

  removeState(key: string): void {
    this.#account(stateKey(key));
    this.#touched.add(stateKey(key));
    delete this.#own('state')[key];
  }

  /** @throws StoreError `integration_too_large`, and what `onGrowth` throws; then nothing is written */
  #account(name: string, value?: Json): void {
    const chars = value === undefined ? 0 : JSON.stringify(value).length;
    const growth = chars - (this.#written.get(name) ?? 0);
    if (growth > 0 && this.#writtenChars + growth > DOCUMENT_LIMIT_CHARS) throw tooLarge();
    this.onGrowth?.(growth);
    this.#written.set(name, chars);
    this.#writtenChars += growth;
  }

  /** A part of the draft to be changed in place: copied once, however often it is changed. */
  #own<P extends Part>(part: P): Record<string, Document[P][string]> {
    if (!this.#draft) throw new Error(`unit of work on ${this.integrationId}: there is no integration`);
    if (!this.#copied.has(part)) {
      this.#draft[part] = { ...this.#draft[part] } as Draft[P];
      this.#copied.add(part);
    }
    return this.#draft[part] as Record<string, Document[P][string]>;
  }

  /** Removes the integration and all that it groups. */
  removeAll(): void {
    this.#touched.add(this.integrationId);
    for (const kind of recordKinds) for (const { _id } of this.records(kind)) this.#touched.add(_id);
    this.#draft = undefined;
  }

  get hasChanges(): boolean {
    return this.#touched.size > 0;
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
    for (const noted of [this.#touched, this.#reliedOn, this.#copied]) noted.clear();
    this.onGrowth?.(-this.#writtenChars);
    this.#written.clear();
    this.#writtenChars = 0;
  }

  #applyTo(current: Document | undefined): Document | undefined {
    for (const id of this.#touched) {
      if ((current?.revisions[id] ?? 0) !== (this.#base?.revisions[id] ?? 0)) throw new ConflictError();
    }
    const draft = this.#draft;
    if (!draft) return undefined;
    // Gone in the meantime: what the unit changed had a revision then, unless it is new.
    if (!current && this.#base) throw new ConflictError();
    const revisions = { ...current?.revisions };
    for (const id of this.#touched) {
      if (this.#isThere(id)) revisions[id] = this.revisionOf(id);
      else delete revisions[id];
    }
    if (!current || current === this.#base) return { ...draft, revisions };
    const merged: Draft = { ...current, revisions };
    if (this.#touched.has(this.integrationId)) merged.integration = draft.integration;
    for (const kind of recordKinds) merged[kind] = this.#merge(current[kind], draft[kind]);
    merged.state = this.#merge(current.state, draft.state, stateKey);
    this.#assertWhole(merged);
    return merged;
  }

  #isThere(id: string): boolean {
    const draft = this.#draft;
    if (!draft) return false;
    if (id === this.integrationId) return true;
    if (id.startsWith(STATE)) return Object.hasOwn(draft.state, id.slice(STATE.length));
    return recordKinds.some((kind) => Object.hasOwn(draft[kind], id));
  }

  /** What others did in the meantime may have taken what this unit refers to, or refer to what it took. */
  #assertWhole(merged: Document): void {
    const present = new Set(recordIdsOf(merged));
    for (const id of this.#reliedOn) if (!present.has(id)) throw new ConflictError();
    const removed = [...this.#touched].filter((id) => !id.startsWith(STATE) && !this.#isThere(id));
    if (removed.length === 0) return;
    const records = JSON.stringify(recordKinds.map((kind) => merged[kind]));
    if (removed.some((id) => records.includes(`"${id}"`))) throw new ConflictError();
  }

  /** The current values, with those of the touched keys taken from the draft. */
  #merge<T>(
    current: Readonly<Record<string, T>>,
    draft: Readonly<Record<string, T>>,
    nameOf = (key: string): string => key,
  ): Readonly<Record<string, T>> {
    const touched = (key: string): boolean => this.#touched.has(nameOf(key));
    const kept = Object.entries(current).filter(([key]) => !touched(key));
    return Object.fromEntries([...kept, ...Object.entries(draft).filter(([key]) => touched(key))]);
  }
}

function emptyDocument(integration: Stored): Document {
  return {
    format: FORMAT,
    integration,
    revisions: {},
    connections: {},
    exports: {},
    imports: {},
    flows: {},
    state: {},
  };
}
