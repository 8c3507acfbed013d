/**
 * One process per data folder. The lock is SQLite's lock on an empty database file: the system lets
 * go of it when the process ends, however it ends, so that there is no stale lock to find out about.
 */
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from './store.ts';

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

export interface FolderLock {
  release(): void;
}

/** @throws StoreError `store_locked`, naming the process that has the folder. */
export function lockFolder(folder: string): FolderLock {
  const holderFile = join(folder, 'holder.json');
  const lockFile = join(folder, 'lock');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(lockFile);
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    throw new StoreError('store_locked', whyNot(error, folder, lockFile, holderFile), { cause: error });
  }
  const holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  const held = database;
  try {
    writeFileSync(holderFile, JSON.stringify(holder));
  } catch (error) {
    held.close();
    throw error;
  }
  return { release: () => held.close() };
}

function whyNot(error: unknown, folder: string, lockFile: string, holderFile: string): string {
  const { errcode = 0 } = error as { errcode?: number };
  if (errcode === SQLITE_BUSY) return `The data folder ${folder} is in use by ${holderOf(holderFile)}.`;
  try {
    accessSync(folder, constants.R_OK | constants.W_OK);
    if (existsSync(lockFile)) accessSync(lockFile, constants.R_OK | constants.W_OK);
  } catch (cause) {
    return `The data folder ${folder} cannot be written (${(cause as NodeJS.ErrnoException).code}).`;
  }
  if (errcode === SQLITE_FULL) return `The data folder ${folder} has no room left.`;
  return `${lockFile} is no lock of this server; remove it if no server runs on this folder.`;
}

function holderOf(holderFile: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(holderFile, 'utf8'));
    return `process ${pid} on ${host}, since ${since}`;
  } catch {
    return 'another process';
  }
}
