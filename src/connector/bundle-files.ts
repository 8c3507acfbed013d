/** Reads a bundle's files, from a folder or from a tarball in memory. */
import { open, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

export interface BundleFiles {
  /**
   * @param path relative to the bundle, with `/`
   * @throws UnreadableError
   */
  read(path: string, limitBytes: number): Promise<Buffer>;
}

/** The message completes a sentence that starts with the file's name. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}

export const tooLarge = (limitBytes: number): UnreadableError =>
  new UnreadableError(`is larger than ${limitBytes} bytes`);

export const missing = (): UnreadableError => new UnreadableError('is missing');

/** Reads from a folder. Symbolic links must stay inside it. */
export function folderFiles(folder: string): BundleFiles {
  return {
    async read(path, limitBytes) {
      try {
        const file = await realpath(join(folder, path));
        if (!file.startsWith((await realpath(folder)) + sep)) throw new UnreadableError('is outside the bundle');
        return await readBounded(file, limitBytes);
      } catch (error) {
        throw asUnreadable(error);
      }
    },
  };
}

/** @throws UnreadableError, also for a file over the limit */
export async function readFileBounded(path: string, limitBytes: number): Promise<Buffer> {
  try {
    return await readBounded(path, limitBytes);
  } catch (error) {
    throw asUnreadable(error);
  }
}

async function readBounded(path: string, limitBytes: number): Promise<Buffer> {
  // Check the type first: opening a named pipe would block until something writes to it.
  const stats = await stat(path);
  if (!stats.isFile()) throw new UnreadableError('is not a file');
  if (stats.size > limitBytes) throw tooLarge(limitBytes);
  const file = await open(path);
  try {
    const bytes = await file.readFile();
    // The file may have grown since.
    if (bytes.length > limitBytes) throw tooLarge(limitBytes);
    return bytes;
  } finally {
    await file.close();
  }
}

function asUnreadable(error: unknown): UnreadableError {
  if (error instanceof UnreadableError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return missing();
  return new UnreadableError(code === 'EISDIR' ? 'is not a file' : `cannot be read (${code})`);
}
