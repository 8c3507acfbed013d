/** Reads and writes the token sets of connections, sealed in the integration's document. */
import { requestError } from '../errors.ts';
import type { Keyring } from '../record/keyring.ts';
import { markOffline } from '../record/offline.ts';
import { openTokens, type Refusal, sealTokens, type TokenSet } from '../record/token-set.ts';
import type { Part } from '../store/part.ts';
import type { Store } from '../store/store.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';

/** A connection and its integration. */
export interface ConnectionId {
  readonly integrationId: string;
  readonly connectionId: string;
}

export interface OfflineEvent extends ConnectionId {
  readonly name: string;
  /** Undefined if the connection works again. */
  readonly refusal: Refusal | undefined;
}

export class StoredTokens {
  readonly #store: Store;
  readonly #keyring: Keyring;
  readonly #now: () => Date;
  readonly #onOffline: (event: OfflineEvent) => void;
  /** Caches opened token sets: parts are immutable, and opening one is expensive. */
  readonly #opened = new WeakMap<Part<undefined>, TokenSet>();

  constructor(store: Store, keyring: Keyring, now: () => Date, onOffline: (event: OfflineEvent) => void) {
    this.#store = store;
    this.#keyring = keyring;
    this.#now = now;
    this.#onOffline = onOffline;
  }

  /** Reads the last commit, not a run's unit of work. @throws RequestError `credentials_unreadable` */
  async read({ integrationId, connectionId }: ConnectionId): Promise<TokenSet> {
    const document = await this.#store.get(integrationId);
    return this.#open(connectionId, document?.tokens.get(connectionId));
  }

  /**
   * Changes a token set in its own commit. Durable when it resolves.
   *
   * @param work returns the next set, or undefined for no change; called again if another commit came first
   * @returns false if the connection does not exist
   */
  async change({ integrationId, connectionId }: ConnectionId, work: (set: TokenSet) => TokenSet | undefined) {
    return UnitOfWork.change(this.#store, integrationId, (unit) => {
      if (!unit.record('connections', connectionId)) return false;
      const next = work(this.#open(connectionId, unit.unversioned('tokens').get(connectionId)));
      if (next) unit.putUnversioned('tokens', connectionId, sealTokens(this.#keyring, connectionId, next));
      return true;
    });
  }

  /**
   * Changes a token set, and marks the connection as offline if the provider refused it, or as online otherwise.
   *
   * @param work returns the next set; undefined to change and mark nothing
   */
  async settle(id: ConnectionId, refusal: Refusal | undefined, work: (set: TokenSet) => TokenSet | undefined) {
    let marked: string | undefined;
    const { integrationId, connectionId } = id;
    await UnitOfWork.change(this.#store, integrationId, (unit) => {
      marked = undefined;
      const record = unit.record('connections', connectionId);
      const next = record && work(this.#open(connectionId, unit.unversioned('tokens').get(connectionId)));
      if (!record || !next) return;
      unit.putUnversioned('tokens', connectionId, sealTokens(this.#keyring, connectionId, next));
      marked = markOffline(unit, connectionId, refusal !== undefined, this.#now());
    });
    if (marked !== undefined) this.#onOffline({ ...id, name: marked, refusal });
  }

  #open(connectionId: string, part: Part<undefined> | undefined): TokenSet {
    if (!part) return {};
    const known = this.#opened.get(part);
    if (known) return known;
    const set = openTokens(this.#keyring, connectionId, part);
    if (!set) throw requestError('credentials_unreadable');
    this.#opened.set(part, set);
    return set;
  }
}
