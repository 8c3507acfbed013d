/** Checks a data folder without changing it. */
import { existsSync } from 'node:fs';
import { access, constants, readdir, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { integrationProblem } from '../../integration/integration.ts';
import { DATABASE_FILE, integrationsFolder, KEY_FILE } from '../../store/data-folder.ts';
import { documentProblem } from '../../store/document-check.ts';
import { lockHolder } from '../../store/folder-lock.ts';
import { migrateDocument } from '../../store/migrations.ts';
import { storedTokenHash } from '../../store/sqlite/small-stores.ts';
import { StoreError } from '../../store/store.ts';
import { type CheckResult, codeOf, ok, problem, warning } from './check-result.ts';
import { checkDataFiles } from './data-files.ts';
import { checkFileSystem } from './file-system.ts';

const MIN_KEY_CHARS = 32;
const GROUP_AND_OTHERS = 0o077;
const MAX_LISTED = 5;

export interface DataFolder {
  readonly folder: string;
  /** The process using it; undefined if it is free. */
  readonly holder: string | undefined;
  readonly results: readonly CheckResult[];
}

/** @param hasKey whether an option sets the secret key */
export async function checkDataFolder(folder: string, hasKey: boolean, now: number): Promise<DataFolder> {
  const stats = await stat(folder).catch((error: unknown) => codeOf(error));
  if (stats === 'ENOENT')
    return {
      folder,
      holder: undefined,
      results: [await checkCreatable(folder), ...(await checkDisk(await nearestExisting(folder)))],
    };
  if (typeof stats === 'string' || !stats.isDirectory()) {
    return { folder, holder: undefined, results: [problem('data', `${folder} is not a folder.`)] };
  }
  const lock = checkLock(folder);
  const results = [
    await checkWritable(folder),
    ...(await checkDisk(folder)),
    lock.result,
    await checkSecretKey(folder, hasKey),
    checkAdminToken(folder),
    await checkDocuments(folder),
    ...(await checkDataFiles(folder, lock.holder !== undefined)),
    await checkClock(folder, now),
  ];
  return { folder, holder: lock.holder, results };
}

/** When the data is in a database, the folder has only temporary files. */
export async function checkTemporaryFolder(folder: string): Promise<CheckResult[]> {
  const isThere = existsSync(folder);
  return [
    isThere ? await checkWritable(folder) : await checkCreatable(folder),
    ...(await checkDisk(await nearestExisting(folder))),
  ];
}

async function checkCreatable(folder: string): Promise<CheckResult> {
  const parent = await nearestExisting(folder);
  try {
    await access(parent, constants.W_OK | constants.X_OK);
    return ok('data', `${folder} does not exist yet; the first start creates it.`);
  } catch (error) {
    return problem('data', `${folder} does not exist and cannot be created in ${parent} (${codeOf(error)}).`);
  }
}

/** The folder, or its nearest existing parent. */
async function nearestExisting(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  return isThere || dirname(folder) === folder ? folder : nearestExisting(dirname(folder));
}

async function checkWritable(folder: string): Promise<CheckResult> {
  const probe = join(folder, `.doctor.${process.pid}.tmp`);
  try {
    await writeFile(probe, 'write test', { flush: true });
    return ok('data', `${folder} is writable.`);
  } catch (error) {
    return problem('data', `${folder} is not writable (${codeOf(error)}).`);
  } finally {
    await rm(probe, { force: true }).catch(() => {
      // It was never created.
    });
  }
}

async function checkDisk(folder: string): Promise<CheckResult[]> {
  try {
    return checkFileSystem(await statfs(folder), process.platform);
  } catch (error) {
    return [warning('disk', `The free space for ${folder} cannot be determined (${codeOf(error)}).`)];
  }
}

function checkLock(folder: string): { holder?: string | undefined; result: CheckResult } {
  try {
    const holder = lockHolder(folder);
    if (holder === undefined) return { result: ok('lock', 'No server is using the data folder.') };
    return { holder, result: ok('lock', `A server is using the data folder: ${holder}.`) };
  } catch (error) {
    const message = error instanceof StoreError ? error.message : `The lock cannot be read (${codeOf(error)}).`;
    return { result: problem('lock', message) };
  }
}

async function checkSecretKey(folder: string, hasKey: boolean): Promise<CheckResult> {
  const file = join(folder, KEY_FILE);
  const mode = await stat(file).then(
    (found) => found.mode,
    (error: unknown) => codeOf(error),
  );
  if (mode === 'ENOENT') {
    if (hasKey) return ok('secret-key', 'The key comes from the options.');
    const isEmpty = (await listNames(integrationsFolder(folder))).length === 0;
    return isEmpty
      ? ok('secret-key', 'The first start creates a key.')
      : warning(
          'secret-key',
          `There are integrations but no ${KEY_FILE}: their credentials cannot be read without it.`,
        );
  }
  if (typeof mode === 'string') return problem('secret-key', `${file} cannot be read (${mode}).`);
  if (process.platform !== 'win32' && (mode & GROUP_AND_OTHERS) !== 0) {
    return problem(
      'secret-key',
      `${file} can be read by others (mode ${(mode & 0o777).toString(8)}): run chmod 600 on it.`,
    );
  }
  try {
    if ((await readFile(file, 'utf8')).trim().length >= MIN_KEY_CHARS)
      return ok('secret-key', 'The key exists and only its owner can read it.');
    return problem('secret-key', `The key in ${file} is incomplete: the server will not start.`);
  } catch (error) {
    return problem('secret-key', `${file} cannot be read (${codeOf(error)}).`);
  }
}

function checkAdminToken(folder: string): CheckResult {
  try {
    const isSet = storedTokenHash(join(folder, DATABASE_FILE)) ?? existsSync(join(folder, 'admin.json'));
    return ok(
      'token',
      isSet ? "The administrator's token is set." : "The first start creates an administrator's token.",
    );
  } catch (error) {
    const { message } = error as Error;
    const sentence = error instanceof StoreError ? message : `The administrator's token cannot be read (${message}).`;
    return problem('token', sentence);
  }
}

async function checkDocuments(folder: string): Promise<CheckResult> {
  const listed = await readdir(integrationsFolder(folder)).catch((error: unknown) => codeOf(error));
  if (typeof listed === 'string' && listed !== 'ENOENT') {
    return problem('documents', `${integrationsFolder(folder)} cannot be read (${listed}): the server will not start.`);
  }
  const names = typeof listed === 'string' ? [] : listed;
  const damaged = names.filter((name) => name.endsWith('.damaged'));
  const broken: string[] = [];
  for (const name of names.filter((each) => each.endsWith('.json'))) {
    const why = await problemOfDocument(join(integrationsFolder(folder), name), name.slice(0, -'.json'.length));
    if (why !== undefined) broken.push(`${name}: ${why}`);
  }
  if (broken.length > 0) {
    const more = broken.length > MAX_LISTED ? ` and ${broken.length - MAX_LISTED} more` : '';
    return problem(
      'documents',
      `Damaged integrations, which the next start will set aside: ${broken.slice(0, MAX_LISTED).join('; ')}${more}.`,
    );
  }
  if (damaged.length > 0) {
    return warning(
      'documents',
      `Files were set aside as damaged: ${damaged.slice(0, MAX_LISTED).join(', ')}. Restore their content from a backup.`,
    );
  }
  const count = names.filter((name) => name.endsWith('.json')).length;
  return ok('documents', `${count} integrations are stored and intact.`);
}

async function problemOfDocument(file: string, id: string): Promise<string | undefined> {
  try {
    return documentProblem(migrateDocument(JSON.parse(await readFile(file, 'utf8'))), integrationProblem, id);
  } catch (error) {
    return error instanceof SyntaxError ? 'it is not JSON' : `it cannot be read (${codeOf(error)})`;
  }
}

const CLOCK_SLACK_MS = 60_000;
const EARLIEST_PLAUSIBLE = Date.UTC(2026, 0);

/** Ids, dates and the expiry of one-time tokens depend on the clock. */
async function checkClock(folder: string, now: number): Promise<CheckResult> {
  const times = await Promise.all(
    (await listNames(folder)).map((name) =>
      stat(join(folder, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  const newest = Math.max(0, ...times);
  const iso = (time: number): string => new Date(time).toISOString();
  if (now < EARLIEST_PLAUSIBLE) return problem('clock', `The clock says ${iso(now)}: it is not set.`);
  if (newest > now + CLOCK_SLACK_MS) {
    return problem(
      'clock',
      `The clock says ${iso(now)}, but the data folder was written at ${iso(newest)}: the clock has been set back.`,
    );
  }
  return ok('clock', `The clock says ${iso(now)}.`);
}

const listNames = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
