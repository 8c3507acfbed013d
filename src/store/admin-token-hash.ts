/** The stored hash of the administrator's token. */
import { StoreError } from './store.ts';

/** Name of the setting that stores it. */
export const ADMIN_TOKEN = 'admin-token-sha256';
const HASH = /^[0-9a-f]{64}$/;
const DAMAGED = "The stored hash of the administrator's token is damaged; `bulkhead token` makes a new token.";

/** @throws StoreError if the hash is malformed */
export function checkedTokenHash(hash: string): string {
  if (HASH.test(hash)) return hash;
  throw new StoreError('store_unavailable', DAMAGED);
}
