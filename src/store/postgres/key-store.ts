/** The key that the runtime makes itself, if the operator gives none: the same for all nodes. */
import type { KeyStore } from '../storage.ts';
import type { Database } from './database.ts';
import { Settings } from './settings.ts';

/** Name of the setting that stores it. */
export const SECRET_KEY = 'secret-key';

export class PostgresKeyStore implements KeyStore {
  readonly #settings: Settings;

  constructor(database: Database) {
    this.#settings = new Settings(database);
  }

  read(): Promise<string | undefined> {
    return this.#settings.get(SECRET_KEY);
  }

  add(key: string): Promise<string> {
    return this.#settings.ensure(SECRET_KEY, key);
  }
}
