/**
 * One process per data folder. The lock is SQLite's lock on an empty database file. The operating system
 * releases it however the process ends, so locks never go stale.
 */
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createPrivately, PRIVATE_FILE } from './private-files.ts';
import { StoreError } from './store.ts';

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
const LOCK_FILE = 'lock';
const HOLDER_FILE = 'holder.json';

export interface FolderLock {
  release(): void;
}

/** @throws StoreError `store_locked`, naming the process that holds the lock */
export function lockFolder(folder: string): FolderLock {
  const database = openLock(folder);
  const holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  try {
    writeFileSync(join(folder, HOLDER_FILE), JSON.stringify(holder), { mode: PRIVATE_FILE });
  } catch (error) {
    database.close();
    throw error;
  }
  return { release: () => database.close() };
}

/**
 * Describes the process that holds the lock; undefined if the folder is free. Leaves no trace in it.
 *
 * @throws StoreError if the lock file is unusable
 */
export function lockHolder(folder: string): string | undefined {
  if (!existsSync(join(folder, LOCK_FILE))) return undefined;
  try {
    openLock(folder).close();
    return undefined;
  } catch (error) {
    const { cause } = error as { cause?: { errcode?: number } };
    if (cause?.errcode === SQLITE_BUSY) return holderOf(join(folder, HOLDER_FILE));
    throw error;
  }
}

function openLock(folder: string): DatabaseSync {
  const lockFile = join(folder, LOCK_FILE);
  let database: DatabaseSync | undefined;
  createPrivately(lockFile);
  try {
    database = new DatabaseSync(lockFile);
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    throw new StoreError('store_locked', lockProblem(error, folder, lockFile), { cause: error });
  }
}

function lockProblem(error: unknown, folder: string, lockFile: string): string {
  const { errcode = 0 } = error as { errcode?: number };
  if (errcode === SQLITE_BUSY) return `The data folder ${folder} is in use by ${holderOf(join(folder, HOLDER_FILE))}.`;
  try {
    accessSync(folder, constants.R_OK | constants.W_OK);
    if (existsSync(lockFile)) accessSync(lockFile, constants.R_OK | constants.W_OK);
  } catch (cause) {
    return `The data folder ${folder} cannot be written (${(cause as NodeJS.ErrnoException).code}).`;
  }
  if (errcode === SQLITE_FULL) return `The disk of the data folder ${folder} is full.`;
  return `${lockFile} is not a lock of this server; remove it if no server runs on this folder.`;
}

function holderOf(holderFile: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(holderFile, 'utf8'));
    return `process ${pid} on ${host}, since ${since}`;
  } catch {
    return 'another process';
  }
}
