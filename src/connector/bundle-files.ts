/** Where a bundle's files are read from: a folder, or a tarball in memory. */
import { open, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

export interface BundleFiles {
  /**
   * @param path relative to the bundle, with `/`
   * @throws UnreadableError
   */
  read(path: string, limitBytes: number): Promise<Buffer>;
}

/** The message is the rest of a sentence that begins with the file's name. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}

export const tooLarge = (limitBytes: number): UnreadableError =>
  new UnreadableError(`is larger than ${limitBytes} bytes`);

export const missing = (): UnreadableError => new UnreadableError('is missing');

/** The files of a folder. Links are followed as long as they stay in it. */
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

/** A file that is no longer than it may be. @throws UnreadableError */
export async function readFileBounded(path: string, limitBytes: number): Promise<Buffer> {
  try {
    return await readBounded(path, limitBytes);
  } catch (error) {
    throw asUnreadable(error);
  }
}

async function readBounded(path: string, limitBytes: number): Promise<Buffer> {
  // Looked at first: opening a named pipe would wait for its writer.
  const stats = await stat(path);
  if (!stats.isFile()) throw new UnreadableError('is not a file');
  if (stats.size > limitBytes) throw tooLarge(limitBytes);
  const file = await open(path);
  try {
    const bytes = await file.readFile();
    // It may grow meanwhile.
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
