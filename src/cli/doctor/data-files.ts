/** Checks the database of a data folder, and older databases that the next start will import. */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { DATABASE_FILE } from '../../store/data-folder.ts';
import { type CheckResult, codeOf, ok, problem } from './check-result.ts';

const DATABASES = [DATABASE_FILE, 'runs.sqlite', 'replies.sqlite'];
const SQLITE_MAGIC = 'SQLite format 3\0';
const MAX_LISTED = 5;

/** @param isServed a server is using the databases, so leave them alone */
export async function checkDataFiles(folder: string, isServed: boolean): Promise<CheckResult[]> {
  const databases = isServed ? [] : await Promise.all(DATABASES.map((name) => databaseProblem(join(folder, name))));
  const damaged = databases.filter((damage) => damage !== undefined);
  if (damaged.length === 0) return [ok('kept', 'The database is intact.')];
  const more = damaged.length > MAX_LISTED ? ` and ${damaged.length - MAX_LISTED} more` : '';
  return [
    problem(
      'kept',
      `Damaged files, which the next start will set aside: ${damaged.slice(0, MAX_LISTED).join('; ')}${more}.`,
    ),
  ];
}

/** Opens the database as immutable, so that SQLite creates no files next to it. */
async function databaseProblem(file: string): Promise<string | undefined> {
  try {
    const [bytes, start] = await startOf(file, SQLITE_MAGIC.length);
    if (bytes === 0) return undefined;
    if (start !== SQLITE_MAGIC) return `${file}: it is not a database`;
    // After a kill, the log has pages the file lacks, so the file alone may look damaged.
    if ((await sizeOf(`${file}-wal`)) === 0) readSchema(file);
    return undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    const { errstr } = error as { errstr?: string };
    return errstr === undefined ? `${file}: it cannot be read (${codeOf(error)})` : `${file}: ${errstr}`;
  }
}

async function startOf(file: string, length: number): Promise<[bytes: number, text: string]> {
  await using handle = await open(file);
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, 0);
  return [bytesRead, buffer.toString('latin1', 0, bytesRead)];
}

const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  );

function readSchema(file: string): void {
  const address = pathToFileURL(file);
  address.searchParams.set('immutable', '1');
  using database = new DatabaseSync(address, { readOnly: true });
  database.prepare('SELECT count(*) FROM sqlite_schema').get();
}
