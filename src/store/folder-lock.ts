/**
 * One process per data folder. The lock is SQLite's lock on an empty database file: the system lets
 * go of it when the process ends, however it ends, so that there is no stale lock to find out about.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from './store.ts';

const SQLITE_BUSY = 5;

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
    const isHeld = (error as { errcode?: number }).errcode === SQLITE_BUSY;
    const sentence = isHeld
      ? `The data folder ${folder} is in use by ${holderOf(holderFile)}.`
      : `${lockFile} is no lock of this server; remove it if no server runs on this folder.`;
    throw new StoreError('store_locked', sentence, { cause: error });
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

function holderOf(holderFile: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(holderFile, 'utf8'));
    return `process ${pid} on ${host}, since ${since}`;
  } catch {
    return 'another process';
  }
}
