/** The bundles of the connectors folder. Every node has a copy in its own folder. */
import type { SharedFolder } from '../shared.ts';
import { readInSlices } from './bundle-store.ts';
import type { Database, Statement } from './database.ts';
import { CHANNEL } from './listener.ts';
import { TableWatch } from './table-watch.ts';

const list: Statement = {
  name: 'folder-list',
  text: 'SELECT entry, hash FROM bulkhead.folder_entries ORDER BY entry',
};

const slice: Statement = {
  name: 'folder-slice',
  text: `
    SELECT octet_length(content) AS size, substring(content FROM $3::int + 1 FOR $4) AS bytes
    FROM bulkhead.folder_entries WHERE entry = $1 AND hash = $2`,
};

const write: Statement = {
  name: 'folder-write',
  text: `
    WITH written AS (
      INSERT INTO bulkhead.folder_entries (entry, hash, content, revision)
      VALUES ($1, $2, $3, nextval('bulkhead.revisions'))
      ON CONFLICT (entry) DO UPDATE SET hash = excluded.hash, content = excluded.content, revision = excluded.revision
    )
    SELECT pg_notify('${CHANNEL}', 'folder')`,
};

export class PostgresFolder implements SharedFolder {
  readonly #database: Database;
  readonly #watch: TableWatch;
  #onChange: () => void = () => {};

  constructor(database: Database) {
    this.#database = database;
    this.#watch = new TableWatch(database, 'folder_entries', () => this.#onChange());
  }

  subscribe(onChange: () => void): void {
    this.#onChange = onChange;
  }

  async list(): Promise<{ entry: string; hash: string | undefined }[]> {
    const rows = await this.#database.query<{ entry: string; hash: string | null }>(list);
    return rows.map(({ entry, hash }) => ({ entry, hash: hash ?? undefined }));
  }

  read(entry: string, hash: string): Promise<Buffer | undefined> {
    return readInSlices(this.#database, slice, [entry, hash]);
  }

  async write(entry: string, hash: string, content: Buffer): Promise<void> {
    await this.#database.query(write, [entry, hash, content]);
  }

  async remove(entry: string): Promise<void> {
    await this.#database.query(write, [entry, null, null]);
  }

  /** Looks for changes by other nodes. @throws StoreError */
  poll(): Promise<void> {
    return this.#watch.poll();
  }
}
