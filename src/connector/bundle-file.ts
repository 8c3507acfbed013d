/** Reading a bundle's files: no more than there may be of them, and nothing that lies elsewhere. */
import { open, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

export class TooLargeError extends Error {}
export class OutsideError extends Error {}

/** @throws TooLargeError, or the system's error */
export async function readBounded(path: string, limitBytes: number): Promise<Buffer> {
  // Looked at first: opening a named pipe would wait for its writer.
  const found = await stat(path);
  if (!found.isFile()) throw Object.assign(new Error(), { code: 'EISDIR' });
  if (found.size > limitBytes) throw new TooLargeError(`is larger than ${limitBytes} bytes`);
  const file = await open(path);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** A file that the bundle's folder holds, links followed. @throws OutsideError, TooLargeError, or the system's error */
export async function readInside(folder: string, name: string, limitBytes: number): Promise<Buffer> {
  const path = await realpath(join(folder, name));
  if (!path.startsWith((await realpath(folder)) + sep)) throw new OutsideError('is outside the bundle');
  return readBounded(path, limitBytes);
}
