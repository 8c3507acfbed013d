/** The key that the runtime makes itself, if the operator gives none: the same for all nodes. */
import type { Database, Statement } from './database.ts';

const NAME = 'secret-key';

const READ: Statement = { text: 'SELECT value FROM bulkhead.settings WHERE name = $1' };
const ADD: Statement = { text: 'INSERT INTO bulkhead.settings VALUES ($1, $2) ON CONFLICT DO NOTHING' };

export class PostgresKeyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async read(): Promise<string | undefined> {
    const [row] = await this.#database.query<{ value: string }>(READ, [NAME]);
    return row?.value;
  }

  /** Stores a key unless there is one. @returns the one that is stored */
  async add(key: string): Promise<string> {
    await this.#database.query(ADD, [NAME, key]);
    return (await this.read()) as string;
  }
}
