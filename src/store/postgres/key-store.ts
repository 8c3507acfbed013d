/** The key that the runtime makes itself, if the operator gives none: the same for all nodes. */
import type { KeyStore } from '../storage.ts';
import type { Database, Statement } from './database.ts';

/** Name of the setting that stores it. */
export const SECRET_KEY = 'secret-key';

const READ: Statement = { text: 'SELECT value FROM bulkhead.settings WHERE name = $1' };
const ADD: Statement = { text: 'INSERT INTO bulkhead.settings VALUES ($1, $2) ON CONFLICT DO NOTHING' };

export class PostgresKeyStore implements KeyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async read(): Promise<string | undefined> {
    const [row] = await this.#database.query<{ value: string }>(READ, [SECRET_KEY]);
    return row?.value;
  }

  /** Stores a key unless there is one. @returns the one that is stored */
  async add(key: string): Promise<string> {
    await this.#database.query(ADD, [SECRET_KEY, key]);
    return (await this.read()) as string;
  }
}
