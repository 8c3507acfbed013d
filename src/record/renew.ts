/** After a change of the key: every credential sealed anew with the present one. */
import type { Store } from '../store/store.ts';
import type { DocumentJson, Stored } from '../store/stored.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import { opened, resealed } from './credentials.ts';
import type { Keyring } from './keyring.ts';
import { factsOf } from './record-tasks.ts';

/** Looks at the documents as they are read at start, and afterwards renews what has to be. */
export class Renewal {
  readonly #keyring: Keyring;
  /** Ids of connections that none of the keys opens. */
  readonly #unreadable = new Map<string, string[]>();
  readonly #stale = new Set<string>();

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  look({ integration: { _id }, connections }: DocumentJson): void {
    const all = Object.values(connections);
    const unreadable = all.filter((connection) => !opened(this.#keyring, connection));
    if (unreadable.length > 0)
      this.#unreadable.set(
        _id,
        unreadable.map((connection) => connection._id),
      );
    else this.#unreadable.delete(_id);
    if (all.some((connection) => resealed(this.#keyring, connection) !== connection)) this.#stale.add(_id);
  }

  /** @returns ids of connections that none of the keys opens; they are left as they are */
  async renew(store: Store): Promise<string[]> {
    for (const id of this.#stale) {
      await UnitOfWork.change(store, id, (unit) => {
        for (const { text } of [...unit.records('connections').values()]) {
          // At a start nobody else waits, however large it is.
          const connection = JSON.parse(text.toString()) as Stored;
          const renewed = resealed(this.#keyring, connection);
          if (renewed !== connection) unit.putRecord('connections', factsOf(renewed));
        }
      });
    }
    return [...this.#unreadable.values()].flat();
  }
}
