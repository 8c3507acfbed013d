/** Stores that commands open without a server: a data folder or a database. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { integrationProblem } from './integration/integration.ts';
import { isDatabaseUrl } from './option-table.ts';
import type { Options } from './options.ts';
import { KeyFile } from './record/key-file.ts';
import type { OpenStore } from './store/copy/item.ts';
import { DATABASE_FILE, integrationsFolder, KEY_FILE } from './store/data-folder.ts';
import { openStorage } from './store/open-storage.ts';
import type { DatabaseFacts } from './store/postgres/command-access.ts';
import { openDataFolder } from './store/private-files.ts';
import { StoreError } from './store/store.ts';

export type StoreLocation = { readonly folder: string } | { readonly database: string };

/** Every data folder has at least one of these. A key or a token may exist even before the first start. */
const OWN_NAMES = [basename(integrationsFolder('')), DATABASE_FILE, KEY_FILE];

/** The store that the options name. */
export function locationOf({ store, data }: Pick<Options, 'store' | 'data'>, cwd: string): StoreLocation {
  return store === undefined ? { folder: resolve(cwd, data) } : { database: store };
}

/** @returns undefined if the text is not a location. Do not print the text: it may contain a password. */
export function parseLocation(text: string, cwd: string): StoreLocation | undefined {
  if (isDatabaseUrl(text)) return { database: text };
  return text === '' || /^[\w+]+:\/\/|^postgres/.test(text) ? undefined : { folder: resolve(cwd, text) };
}

/** A name for messages, without user and password. */
export function nameOf(location: StoreLocation): string {
  if ('folder' in location) return location.folder;
  const { host, pathname } = new URL(location.database);
  return `postgres://${host}${pathname}`;
}

/** @throws StoreError that names the store */
export async function openLocation(location: StoreLocation): Promise<OpenStore> {
  if ('folder' in location) return openFolder(location.folder);
  // Loads the driver only here, since a data folder does not need it.
  const { openForCommand } = await import('./store/postgres/command-access.ts');
  return named(location, () => openForCommand(location.database, integrationProblem));
}

async function openFolder(folder: string): Promise<OpenStore> {
  await assertCanCreate({ folder });
  await openDataFolder(folder);
  return { storage: await openStorage(folder, { check: integrationProblem }), keys: new KeyFile(folder) };
}

/** A misspelt name would create an empty store, noticed only when the data is needed. @throws StoreError */
export async function assertExists(location: StoreLocation): Promise<void> {
  if ('database' in location) return assertHasData(location);
  if (!existsSync(location.folder)) throw unusable(`There is no data folder ${location.folder}.`);
}

/** @throws StoreError if no server has ever used it */
export async function assertHasData(location: StoreLocation): Promise<void> {
  if ('folder' in location) {
    await assertExists(location);
    if (!existsSync(integrationsFolder(location.folder))) throw unusable(`${location.folder} is not a data folder.`);
  } else if (!(await inspectDatabase(location)).schema) {
    throw unusable(`${nameOf(location)} has no data of Bulkhead.`);
  }
}

/** The folder itself may be missing: the first start creates it. @throws StoreError if nothing is there to create it in */
export async function assertCanCreate(location: StoreLocation): Promise<void> {
  if ('database' in location || existsSync(location.folder) || existsSync(dirname(location.folder))) return;
  throw unusable(
    `The data folder ${location.folder} cannot be created, because there is no folder ${dirname(location.folder)}. ` +
      'Create that, or correct --data (BULKHEAD_DATA).',
  );
}

/** Opening a data folder restricts all its files to their owner: never do so to some other folder. @throws StoreError */
export async function assertNotForeign(location: StoreLocation): Promise<void> {
  if (!('folder' in location) || !existsSync(location.folder)) return;
  const names = await readdir(location.folder);
  if (names.length === 0 || names.some((name) => OWN_NAMES.includes(name))) return;
  throw unusable(`${location.folder} is neither empty nor a data folder.`);
}

/** Names of the nodes that use a database. For a data folder, its lock tells. @throws StoreError */
export async function nodesOn(location: StoreLocation): Promise<readonly string[]> {
  if ('folder' in location) return [];
  return (await inspectDatabase(location)).schema?.nodes ?? [];
}

/** @throws StoreError that names the database */
export async function inspectDatabase(location: { readonly database: string }): Promise<DatabaseFacts> {
  const { inspectPostgres } = await import('./store/postgres/command-access.ts');
  return named(location, () => inspectPostgres(location.database));
}

async function named<T>(location: StoreLocation, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new StoreError(error.code, `${nameOf(location)}: ${error.message}`, { cause: error });
  }
}

const unusable = (message: string): StoreError => new StoreError('store_unavailable', message);
