/** Each engine of the storage port, opened for a test. */
import { onTestFinished } from 'vitest';
import { createMemoryStorage } from '../../src/store/memory-storage.ts';
import { openStorage, type StorageOptions } from '../../src/store/open-storage.ts';
import { openPostgres } from '../../src/store/postgres/open.ts';
import type { Storage } from '../../src/store/storage.ts';
import { temporaryFolder } from './folders.ts';
import { newDatabase } from './postgres-nodes.ts';

/** In a data folder; closed when the test ends. */
export async function storageIn(folder: string, options?: StorageOptions): Promise<Storage> {
  const storage = await openStorage(folder, options);
  onTestFinished(() => storage.close());
  return storage;
}

export function memoryStorage(now?: () => number): Storage {
  const storage = createMemoryStorage(now);
  onTestFinished(() => storage.close());
  return storage;
}

/** In its own PostgreSQL database. */
export async function postgresStorage(now?: () => number): Promise<Storage> {
  const { storage } = await openPostgres(await newDatabase(), { node: 'node-1', now });
  onTestFinished(() => storage.close());
  return storage;
}

export const engines: readonly [string, (now?: () => number) => Promise<Storage>][] = [
  ['memory', async (now) => memoryStorage(now)],
  ['data folder', async (now) => storageIn(await temporaryFolder(), now ? { now } : {})],
  ['PostgreSQL', postgresStorage],
];
