/** The engine behind the servers and runtimes of a test: a data folder, or PostgreSQL in Vitest's project `postgres`. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { newDatabase, rowsOf } from './postgres-nodes.ts';

export const isOnPostgres = process.env.TEST_ENGINE === 'postgres';

/** A test of the data folder's own files. */
export const testOfDataFolder = test.skipIf(isOnPostgres);

/** By data folder: a restart on the same folder gets the same database. */
const databases = new Map<string, Promise<string>>();

function databaseOf(dataFolder: string): Promise<string> {
  const database = databases.get(dataFolder) ?? newDatabase();
  databases.set(dataFolder, database);
  return database;
}

/** Name of the only node: when it restarts under its name, it cleans up after itself at once. */
export const NODE = 'the-node';

/** The options for a database instead of a data folder, if the test runs on PostgreSQL. */
export async function engineOptions(dataFolder: string): Promise<{ readonly store?: string; readonly node?: string }> {
  return isOnPostgres ? { store: await databaseOf(dataFolder), node: NODE } : {};
}

/** The same as environment variables of a process. */
export async function engineEnvironment(dataFolder: string | undefined): Promise<Record<string, string>> {
  const { store } = dataFolder === undefined ? {} : await engineOptions(dataFolder);
  return store === undefined ? {} : { BULKHEAD_STORE: store, BULKHEAD_NODE: NODE };
}

/** Ids of the stored integrations. In a data folder, also the names of other files. */
export async function storedIntegrations(dataFolder: string): Promise<string[]> {
  if (!isOnPostgres)
    return (await readdir(join(dataFolder, 'integrations'))).map((name) => name.replace(/\.json$/, ''));
  const rows = await rowsOf(await databaseOf(dataFolder), 'SELECT integration FROM bulkhead.integrations');
  return rows.map(({ integration }) => String(integration));
}

/** All stored texts. Files that disappear meanwhile count as empty. */
export async function storedTexts(dataFolder: string): Promise<string[]> {
  const names = await readdir(dataFolder, { recursive: true });
  const files = await Promise.all(names.map((name) => readFile(join(dataFolder, name), 'utf8').catch(() => '')));
  if (!isOnPostgres) return files;
  const database = await databaseOf(dataFolder);
  const tables = await rowsOf(database, `SELECT tablename FROM pg_tables WHERE schemaname = 'bulkhead'`);
  const values = await Promise.all(
    tables.map(({ tablename }) =>
      rowsOf(
        database,
        `SELECT field.value FROM bulkhead.${tablename} AS stored, json_each_text(to_json(stored)) AS field`,
      ),
    ),
  );
  return [...files, ...values.flat().map(({ value }) => String(value))];
}
