/** File helpers: durable writes, temporary names, and file system errors as store errors. */
import { randomInt } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StoreError } from './store.ts';

const TEMPORARY = /^\..+\.\d+\.tmp$/;

export const isTemporary = (name: string): boolean => TEMPORARY.test(name);

/** A unique name next to a path; the next start deletes it if it is left behind. */
export const temporaryPathFor = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomInt(2 ** 47)}.tmp`);

/** Deletes what an earlier process has left behind in a folder. */
export async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (isTemporary(name)) await rm(join(folder, name), { force: true });
}

/**
 * Replaces a file atomically: temporary file, fdatasync, rename. After a crash at any point the path
 * holds the old content or the new. Durable only after `syncFolder`.
 */
export async function replaceFile(path: string, content: string | Uint8Array | Iterable<Buffer>): Promise<void> {
  const temporary = temporaryPathFor(path);
  try {
    const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
    await withFile(file, async () => {
      await file.writeFile(content);
      await file.datasync();
    });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {
      // Report the first error; the next start deletes the temporary file.
    });
    throw error;
  }
}

/** Makes a create, rename or unlink in a folder durable. Windows has no such call and does not need it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  await withFile(handle, () => handle.sync());
}

export async function withFile<T>(file: FileHandle, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await file.close();
  }
}

/** Converts a file system error: `store_full` (507) if the disk is full, else `store_unavailable` (503). */
export function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  return new StoreError(isFull ? 'store_full' : 'store_unavailable', `The store could not be written (${code}).`, {
    cause: error,
  });
}

/** The system's error code, also from a wrapped error. */
export function codeOf(error: unknown): string {
  const { cause, code = 'unknown' } = error as NodeJS.ErrnoException;
  return error instanceof StoreError && cause !== undefined ? codeOf(cause) : code;
}
