/** After a change of the key: every credential sealed anew with the present one. */
import type { Store } from '../store/store.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import { opened, resealed } from './credentials.ts';
import type { Keyring } from './keyring.ts';

/** @returns ids of connections that none of the keys opens; they are left as they are */
export async function renewCredentials(store: Store, keyring: Keyring): Promise<string[]> {
  const unreadable: string[] = [];
  for (const document of await store.documents()) {
    const all = Object.values(document.connections);
    unreadable.push(...all.filter((connection) => !opened(keyring, connection)).map(({ _id }) => _id));
    if (all.every((connection) => resealed(keyring, connection) === connection)) continue;
    await UnitOfWork.change(store, document.integration._id, (unit) => {
      for (const connection of unit.records('connections')) {
        const renewed = resealed(keyring, connection);
        if (renewed !== connection) unit.putRecord('connections', renewed);
      }
    });
  }
  return unreadable;
}
