/** Named values in PostgreSQL, shared by all nodes. */
import type { Database, Statement } from './database.ts';

const get: Statement = {
  name: 'setting',
  text: 'SELECT value FROM bulkhead.settings WHERE name = $1',
};

const set: Statement = {
  name: 'setting-set',
  text: `
    INSERT INTO bulkhead.settings (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
};

/** Updates, because DO NOTHING would not return the stored value. */
const ensure: Statement = {
  name: 'setting-ensure',
  text: `
    INSERT INTO bulkhead.settings (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = settings.value
    RETURNING value`,
};

export class Settings {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async get(name: string): Promise<string | undefined> {
    const [row] = await this.#database.query<{ value: string }>(get, [name]);
    return row?.value;
  }

  async set(name: string, value: string): Promise<void> {
    await this.#database.query(set, [name, value]);
  }

  /** Stores a value unless there is one. @returns the stored one */
  async ensure(name: string, value: string): Promise<string> {
    const [row] = (await this.#database.query<{ value: string }>(ensure, [name, value])) as [{ value: string }];
    return row.value;
  }
}
