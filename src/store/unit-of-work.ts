/**
 * Everything that a run or a request changes, seen by it at once and by nobody else before the
 * commit, which is one atomic write. It covers one integration and what that groups.
 */
import type { Json, JsonObject } from '../json.ts';
import {
  DOCUMENT_BYTES,
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
/** `state` keys have revisions of their own, under names that no id has. */
const STATE = 'state:';
/**
 * Counts all writes of `state`; a key's revision is the count at its last one. A key that was removed and
 * is there again must not have a revision that somebody has seen before.
 */
const STATE_WRITES = 'state';
const stateKey = (key: string): string => STATE + key;

/** How often something has been written, and the characters of its JSON. */
interface Written {
  readonly writes: number;
  readonly chars: number;
}

interface Changes {
  /** By ids (and state keys). */
  readonly touched: Map<string, Written>;
  /** Of all of them; the memory that a unit may take is bounded like the document. */
  chars: number;
  /** Ids of records that what the unit has written refers to. */
  readonly reliedOn: Set<string>;
}

const NOTHING: ReadonlyMap<string, Written> = new Map();

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
    await this.refresh();
    return result;
  }

  /** Sees what others have committed since; not if it has changes of its own. */
  async refresh(): Promise<void> {
    const document = await this.#store.get(this.integrationId);
    if (!this.hasChanges && document !== this.#base) this.#rebase(document);
  }

  get integration(): Stored | undefined {
    return this.#draft?.integration;
  }

  /** Creates the integration if the unit sees none. */
  set integration(next: Stored) {
    this.#touch(this.integrationId, next);
    this.#draft ??= { ...emptyDocument(next) };
    this.#draft.integration = next;
  }

  /** How often a record has been written, this unit's own changes counted. */
  revisionOf(id: string): number {
    return (this.#base?.revisions[id] ?? 0) + (this.#touched.get(id)?.writes ?? 0);
  }

  records(kind: RecordKind): readonly Stored[] {
    return this.#draft ? Object.values(this.#draft[kind]) : [];
  }

  record(kind: RecordKind, id: string): Stored | undefined {
    return this.#draft && Object.hasOwn(this.#draft[kind], id) ? this.#draft[kind][id] : undefined;
  }

  /** @param references ids of records of this integration that it refers to, and that must stay */
  putRecord(kind: RecordKind, record: Stored, references: Iterable<string> = []): void {
    const { reliedOn } = this.#touch(record._id, record);
    for (const id of references) reliedOn.add(id);
    this.#own(kind)[record._id] = record;
  }

  removeRecord(kind: RecordKind, id: string): void {
    this.#touch(id);
    delete this.#own(kind)[id];
  }

  get state(): JsonObject {
    return this.#draft?.state ?? {};
  }

  /** Of a key of the state: what a commit of this unit would give it. */
  stateRevisionOf(key: string): number {
    const revisions = this.#base?.revisions ?? {};
    const written = [...this.#touched.keys()].filter((name) => name.startsWith(STATE));
    const place = written.indexOf(stateKey(key));
    return place === -1 ? (revisions[stateKey(key)] ?? 0) : writesOfState(revisions) + place + 1;
  }

  putState(key: string, value: Json): void {
    this.#touch(stateKey(key), value);
    // Whatever the key is: an assignment to `__proto__` would be something else.
    Object.defineProperty(this.#own('state'), key, { value, writable: true, enumerable: true, configurable: true });
  }

  removeState(key: string): void {
    this.#touch(stateKey(key));
    delete this.#own('state')[key];
  }

  /** @throws StoreError before anything is changed, if what the unit has written would be too large */
  #touch(name: string, value?: Json): Changes {
    const chars = value === undefined ? 0 : JSON.stringify(value).length;
    const before = this.#touched.get(name);
    const growth = chars - (before?.chars ?? 0);
    const all = (this.#changes?.chars ?? 0) + growth;
    if (all > DOCUMENT_BYTES && chars > 0) throw tooLarge(this.integrationId);
    this.onGrowth?.(growth);
    this.#changes ??= { touched: new Map(), chars: 0, reliedOn: new Set() };
    this.#changes.chars = all;
    this.#changes.touched.set(name, { writes: (before?.writes ?? 0) + 1, chars });
    return this.#changes;
  }

  /** A part of the draft to be changed in place: copied once, however often it is changed. */
  #own<P extends Part>(part: P): Record<string, Document[P][string]> {
    if (!this.#draft) throw new Error(`unit of work on ${this.integrationId}: there is no integration`);
    if (this.#draft[part] === this.#base?.[part]) this.#draft[part] = { ...this.#draft[part] } as Draft[P];
    return this.#draft[part] as Record<string, Document[P][string]>;
  }

  /** Removes the integration and all that it groups. */
  removeAll(): void {
    this.#touch(this.integrationId);
    for (const kind of recordKinds) for (const { _id } of this.records(kind)) this.#touch(_id);
    this.#draft = undefined;
  }

  get #touched(): ReadonlyMap<string, Written> {
    return this.#changes?.touched ?? NOTHING;
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
    const { chars = 0 } = this.#changes ?? {};
    this.#changes = undefined;
    this.onGrowth?.(-chars);
  }

  #applyTo(current: Document | undefined): Document | undefined {
    for (const id of this.#touched.keys()) {
      if ((current?.revisions[id] ?? 0) !== (this.#base?.revisions[id] ?? 0)) throw new ConflictError();
    }
    const draft = this.#draft;
    if (!draft) return undefined;
    // Gone in the meantime: what the unit changed had a revision then, unless it is new.
    if (!current && this.#base) throw new ConflictError();
    const revisions = this.#revisionsAfter(current);
    if (!current || current === this.#base) return { ...draft, revisions };
    const merged: Draft = { ...current, revisions };
    if (this.#touched.has(this.integrationId)) merged.integration = draft.integration;
    for (const kind of recordKinds) merged[kind] = this.#merge(current[kind], draft[kind]);
    merged.state = this.#merge(current.state, draft.state, stateKey);
    this.#assertWhole(merged);
    return merged;
  }

  #revisionsAfter(current: Document | undefined): Record<string, number> {
    const revisions = { ...current?.revisions };
    let writes = writesOfState(revisions);
    for (const id of this.#touched.keys()) {
      const isState = id.startsWith(STATE);
      if (isState) writes++;
      if (this.#isThere(id)) revisions[id] = isState ? writes : this.revisionOf(id);
      else delete revisions[id];
    }
    if (writes > 0) revisions[STATE_WRITES] = writes;
    return revisions;
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
    for (const id of this.#changes?.reliedOn ?? []) if (!present.has(id)) throw new ConflictError();
    const removed = [...this.#touched.keys()].filter((id) => !id.startsWith(STATE) && !this.#isThere(id));
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

function writesOfState(revisions: Readonly<Record<string, number>>): number {
  const known = revisions[STATE_WRITES];
  if (known !== undefined) return known;
  const ofKeys = Object.entries(revisions).filter(([name]) => name.startsWith(STATE));
  return ofKeys.reduce((most, [, revision]) => Math.max(most, revision), 0);
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
