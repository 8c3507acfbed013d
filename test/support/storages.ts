/** Each engine of the storage port, opened for a test. */
import { onTestFinished } from 'vitest';
import { createMemoryStorage } from '../../src/store/memory-storage.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { openStorage, type StorageOptions } from '../../src/store/open-storage.ts';
import type { Storage } from '../../src/store/storage.ts';
import { temporaryFolder } from './folders.ts';
import { emptyDatabase, nodeOn } from './postgres-nodes.ts';

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

/** In a PostgreSQL database of its own. Its documents are in memory. */
export async function postgresStorage(now?: () => number): Promise<Storage> {
  const stores = await nodeOn(await emptyDatabase(), { node: 'node-1', now });
  return { ...stores, documents: createMemoryStore(), problems: [] };
}

export const engines: readonly [string, (now?: () => number) => Promise<Storage>][] = [
  ['memory', async (now) => memoryStorage(now)],
  ['data folder', async (now) => storageIn(await temporaryFolder(), now ? { now } : {})],
  ['PostgreSQL', postgresStorage],
];
