/** What the store does with files beyond the one call: durable writes, and errors as the store's. */
import { randomInt } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StoreError } from './store.ts';

const TEMPORARY = /^\..+\.\d+\.tmp$/;

export const isTemporary = (name: string): boolean => TEMPORARY.test(name);

/** A name beside a path that nobody else takes, and that is swept up at the next start. */
export const temporaryPathFor = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomInt(2 ** 47)}.tmp`);

/**
 * Puts a file in the place of another: temporary file, fdatasync, rename. Whenever the process ends,
 * the path holds the old content or the new one. Durable only after `syncFolder`.
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
      // The first error says what is wrong; the rest is swept up at the next start.
    });
    throw error;
  }
}

/** Makes a creation, a rename or an unlink in a folder durable. Windows does so by itself and has no such call. */
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

/** An error of the file system as the store's: 507 if there is no room, 503 otherwise. */
export function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  return new StoreError(isFull ? 'store_full' : 'store_unavailable', `The store was not written (${code}).`, {
    cause: error,
  });
}

/** What the system said, whoever has wrapped it. */
export function codeOf(error: unknown): string {
  const { cause, code = 'unknown' } = error as NodeJS.ErrnoException;
  return error instanceof StoreError && cause !== undefined ? codeOf(cause) : code;
}
