/**
 * One process per data folder. The lock is SQLite's lock on an empty database file: the system lets
 * go of it when the process ends, however it ends, so that there is no stale lock to find out about.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from './store.ts';

export interface FolderLock {
  release(): void;
}

/** @throws StoreError `store_locked`, naming the process that has the folder. */
export function lockFolder(folder: string): FolderLock {
  const holderFile = join(folder, 'holder.json');
  const database = new DatabaseSync(join(folder, 'lock'));
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw new StoreError('store_locked', `The data folder ${folder} is in use by ${holderOf(holderFile)}.`, {
      cause: error,
    });
  }
  const holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  writeFileSync(holderFile, JSON.stringify(holder));
  return { release: () => database.close() };
}

function holderOf(holderFile: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(holderFile, 'utf8'));
    return `process ${pid} on ${host}, since ${since}`;
  } catch {
    return 'another process';
  }
}
