/** The key that the runtime generates if the operator sets none. All nodes share it. */
import type { KeyStore } from '../storage.ts';
import type { Database } from './database.ts';
import { Settings } from './settings.ts';

/** The setting's name. */
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
