/**
 * A lowdb adapter whose write is atomic and durable: temporary file, fsync, rename, fsync of the
 * folder. Whenever the process ends, the file holds the old text or the new one.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Adapter } from 'lowdb';

const TEMPORARY = /^\..+\.\d+\.tmp$/;

export const isTemporary = (name: string): boolean => TEMPORARY.test(name);

let writes = 0;

export class DocumentFile<T> implements Adapter<T> {
  readonly #path: string;
  readonly #folder: string;

  constructor(path: string) {
    this.#path = path;
    this.#folder = dirname(path);
  }

  async read(): Promise<T | null> {
    try {
      return JSON.parse(await readFile(this.#path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  async write(data: T): Promise<void> {
    const temporary = join(this.#folder, `.${basename(this.#path)}.${++writes}.tmp`);
    try {
      const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
      await withFile(file, async () => {
        await file.writeFile(JSON.stringify(data));
        await file.datasync();
      });
      await rename(temporary, this.#path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {
        // The first error says what is wrong; the rest is swept up at the next start.
      });
      throw error;
    }
    await syncFolder(this.#folder);
  }

  async remove(): Promise<void> {
    // One that has gone already is what is wanted.
    await rm(this.#path, { force: true });
    await syncFolder(this.#folder);
  }
}

async function withFile(file: FileHandle, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await file.close();
  }
}

/** Makes a rename or an unlink in a folder durable. Windows does so by itself and has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  await withFile(handle, () => handle.sync());
}
