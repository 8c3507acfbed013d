/** Bundles, in PostgreSQL. */
import { type BundleStore, noSuchBundle } from '../storage.ts';
import type { Database, Statement } from './database.ts';

/** Bytes per read. pg receives them as hexadecimal text and decodes 1 MiB in 5 ms. */
const SLICE_BYTES = 1024 * 1024;

const list: Statement = {
  name: 'bundles-list',
  text: 'SELECT connector, digest FROM bulkhead.bundles ORDER BY position DESC',
};

const slice: Statement = {
  name: 'bundles-slice',
  text: `
    SELECT octet_length(tarball) AS size, substring(tarball FROM $3::int + 1 FOR $4) AS bytes
    FROM bulkhead.bundles WHERE connector = $1 AND digest = $2`,
};

const write: Statement = {
  name: 'bundles-write',
  text: `
    INSERT INTO bulkhead.bundles (connector, digest, tarball) VALUES ($1, $2, $3)
    ON CONFLICT (connector, digest) DO UPDATE SET tarball = excluded.tarball, position = DEFAULT`,
};

const remove: Statement = {
  name: 'bundles-remove',
  text: 'DELETE FROM bulkhead.bundles WHERE connector = $1 AND digest = $2',
};

/**
 * Reads a large value.
 *
 * @param statement returns its `size` and the `bytes` of the slice at offset $3 with length $4
 * @param key of its row: $1 and $2
 */
export async function readInSlices(
  database: Database,
  statement: Statement,
  key: readonly [string, string],
): Promise<Buffer | undefined> {
  let whole: Buffer | undefined;
  for (let at = 0; ; at += SLICE_BYTES) {
    const values = [...key, at, SLICE_BYTES];
    const [row] = await database.query<{ size: number; bytes: Buffer }>(statement, values);
    if (!row) return undefined;
    whole ??= Buffer.alloc(row.size);
    row.bytes.copy(whole, at);
    if (at + SLICE_BYTES >= row.size) return whole;
  }
}

export class PostgresBundleStore implements BundleStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(): Promise<{ connectorId: string; digest: string }[]> {
    const rows = await this.#database.query<{ connector: string; digest: string }>(list);
    return rows.map(({ connector, digest }) => ({ connectorId: connector, digest }));
  }

  async read(connectorId: string, digest: string): Promise<Buffer> {
    const tarball = await readInSlices(this.#database, slice, [connectorId, digest]);
    if (!tarball) throw noSuchBundle();
    return tarball;
  }

  async write(connectorId: string, digest: string, tarball: Buffer): Promise<void> {
    await this.#database.query(write, [connectorId, digest, tarball]);
  }

  async remove(connectorId: string, digest: string): Promise<void> {
    await this.#database.query(remove, [connectorId, digest]);
  }
}
