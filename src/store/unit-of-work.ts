/**
 * Everything that a run or a request changes, seen by it at once and by nobody else before the
 * commit, which is one atomic write. It covers one integration and what that groups.
 */
import { type Document, FORMAT, type RecordKind, recordKinds, type Store, type Stored } from './store.ts';

/** A record that this unit changes was changed by another after this one had read it. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

type Draft = { -readonly [Key in keyof Document]: Document[Key] };
/** `state` keys have revisions of their own, under a name that no id has. */
const stateKey = (key: string): string => `state:${key}`;

export class UnitOfWork {
  readonly integrationId: string;
  readonly #store: Store;
  /** As it was when the unit began. */
  #base: Document | undefined;
  /** As this unit sees it. */
  #draft: Draft | undefined;
  /** Ids (and state keys) that the unit has changed. */
  readonly #touched = new Set<string>();

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

  get integration(): Stored | undefined {
    return this.#draft?.integration;
  }

  /** Creates the integration if the unit sees none. */
  set integration(next: Stored) {
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
    const committed = await this.#store.commit(this.integrationId, (current) => this.#applyTo(current));
    this.#base = committed;
    this.#draft = committed && { ...committed };
    this.#touched.clear();
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
    for (const id of this.#touched) revisions[id] = this.revisionOf(id);
    if (!current || current === this.#base) return { ...draft, revisions };
    const merged: Draft = { ...current, revisions };
    if (this.#touched.has(this.integrationId)) merged.integration = draft.integration;
    for (const kind of recordKinds) merged[kind] = this.#merge(current[kind], draft[kind]);
    merged.state = this.#merge(current.state, draft.state, stateKey);
    return merged;
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
