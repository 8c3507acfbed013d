/** The bundles of the connectors folder, which every node has in a folder of its own. */
import type { SharedFolder } from '../storage.ts';
import { readInSlices } from './bundle-store.ts';
import type { Database, Statement } from './database.ts';
import { CHANNEL } from './listener.ts';

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

/** Changed by every write: each has a revision of its own, and none is removed. */
const version: Statement = {
  name: 'folder-version',
  text: 'SELECT coalesce(sum(revision), 0) AS version FROM bulkhead.folder_entries',
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
  #version = '';
  #onChange: () => void = () => {};

  constructor(database: Database) {
    this.#database = database;
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

  /** Looks whether another node has changed something. */
  async look(): Promise<void> {
    const [row] = await this.#database.query<{ version: string }>(version);
    if (!row || row.version === this.#version) return;
    this.#version = row.version;
    this.#onChange();
  }
}
