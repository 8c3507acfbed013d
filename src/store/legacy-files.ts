/**
 * Imports the files of earlier versions into the database: `runs.sqlite`, `replies.sqlite`, `admin.json` and a JSON
 * file per connector. A file is deleted once its content is durable in the database, so an interrupted start
 * continues next time.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bundlesFolder, quarantinePath } from './data-folder.ts';
import { codeOf } from './files.ts';
import { type Database, isDamage, quarantine } from './sqlite/database.ts';
import type { Storage } from './storage.ts';
import type { StoreProblem } from './store.ts';

const PERMISSION_FILE = /^([0-9a-f]{24})\.json$/;
/** SQL that copies the tables of the attached database `old`. */
const COPY_STATEMENTS: Readonly<Record<string, string>> = {
  'runs.sqlite': `
    INSERT INTO main.ended SELECT integration, newest, ids, records FROM old.ended;
    INSERT INTO main.ended
      SELECT integration, id, id, json_array(json_set(record, '$.outcome', 'cut_off')) FROM old.going_on;
  `,
  'replies.sqlite': `
    INSERT OR REPLACE INTO main.replies SELECT key, request, making, at, reply, bytes FROM old.replies;
  `,
};

type ReportProblem = (problem: StoreProblem) => void;

/** Call before opening the database's stores, which read its rows when opened. */
export async function importDatabases(dataFolder: string, database: Database, onProblem: ReportProblem): Promise<void> {
  for (const [name, copy] of Object.entries(COPY_STATEMENTS)) {
    const file = join(dataFolder, name);
    if (!existsSync(file)) continue;
    try {
      importDatabase(file, copy, database);
      for (const suffix of ['', '-wal', '-shm']) await rm(file + suffix, { force: true });
    } catch (error) {
      if (!isDamage(error)) throw error;
      onProblem(quarantine(file, error as Error));
    }
  }
}

function importDatabase(file: string, copy: string, { sqlite }: Database): void {
  sqlite.exec('PRAGMA synchronous = FULL');
  sqlite.prepare('ATTACH ? AS old').run(file);
  try {
    sqlite.exec(`BEGIN; ${copy} COMMIT`);
  } finally {
    if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
    sqlite.exec('DETACH old; PRAGMA synchronous = NORMAL');
  }
}

export async function importRecords(
  dataFolder: string,
  { permissions, tokens }: Pick<Storage, 'permissions' | 'tokens'>,
  onProblem: ReportProblem,
): Promise<void> {
  const adminFile = join(dataFolder, 'admin.json');
  const admin = await readJson(adminFile);
  if (admin) {
    // `bulkhead token` may have created a newer one before the first start.
    const isSet = (await tokens.adminTokenHash()) !== undefined;
    if (!isSet) await tokens.setAdminTokenHash(String(admin.value.tokenHash));
    await rm(adminFile);
  }
  const known = new Set((await permissions.all()).map(({ connectorId }) => connectorId));
  const folder = bundlesFolder(dataFolder);
  for (const name of await readdir(folder)) {
    const [, _id] = PERMISSION_FILE.exec(name) ?? [];
    if (_id === undefined) continue;
    const path = join(folder, name);
    try {
      const record = await readJson(path);
      // Keep a record even for a damaged file: its reader must know that the connector had one.
      if (!known.has(_id)) await permissions.put({ ...record?.value, _id });
      if (record?.isDamaged === false && record.value._id === _id) await rm(path);
      else {
        const quarantined = quarantinePath(path);
        await rename(path, quarantined);
        onProblem({ name, message: `${name} is damaged; it was set aside as ${basename(quarantined)}.` });
      }
    } catch (error) {
      onProblem({ name, message: `${name} in ${folder} cannot be read (${codeOf(error)}).` });
    }
  }
}

/** @returns undefined if there is no such file */
async function readJson(path: string): Promise<{ value: Record<string, string>; isDamaged: boolean } | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return { value: JSON.parse(text) as Record<string, string>, isDamaged: false };
  } catch {
    return { value: {}, isDamaged: true };
  }
}
