/** Notices changes of a table by any node. Every write must take a new revision, and no row may be deleted. */
import type { Database, Statement } from './database.ts';

export class TableWatch {
  readonly #database: Database;
  readonly #statement: Statement;
  readonly #onChange: () => void;
  #version = '';

  constructor(database: Database, table: 'folder_entries' | 'permissions', onChange: () => void) {
    this.#database = database;
    // The sum, not the newest revision: an earlier one may be committed later.
    const text = `SELECT coalesce(sum(revision), 0) AS version FROM bulkhead.${table}`;
    this.#statement = { name: `${table}-version`, text };
    this.#onChange = onChange;
  }

  /** @throws StoreError */
  async poll(): Promise<void> {
    const [row] = await this.#database.query<{ version: string }>(this.#statement);
    if (!row || row.version === this.#version) return;
    this.#version = row.version;
    this.#onChange();
  }
}
