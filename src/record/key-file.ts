/** The key in a data folder, readable by its owner only. */
import { chmod, link, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KEY_FILE } from '../store/data-folder.ts';
import { syncFolder, temporaryPathFor, withFile } from '../store/files.ts';
import type { KeyStore } from '../store/storage.ts';
import { StoreError } from '../store/store.ts';

const KEY_CHARS = 32;

export class KeyFile implements KeyStore {
  readonly #file: string;

  constructor(dataFolder: string) {
    this.#file = join(dataFolder, KEY_FILE);
  }

  async read(): Promise<string | undefined> {
    const file = this.#file;
    try {
      const text = (await readFile(file, 'utf8')).trim();
      // Do not encrypt with a truncated key: once the file is restored, nobody could decrypt that.
      if (text.length < KEY_CHARS) {
        throw new StoreError('store_unavailable', `The key in ${file} is incomplete: restore the original.`);
      }
      await chmod(file, 0o600);
      return text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /**
   * Atomic: whenever the process ends, the file holds a whole key or does not exist. If two processes start at once, both
   * use the key that was written first.
   */
  async add(key: string): Promise<string> {
    const file = this.#file;
    const temporary = temporaryPathFor(file);
    try {
      const handle = await open(temporary, 'wx', 0o600);
      await withFile(handle, async () => {
        await handle.writeFile(`${key}\n`);
        await handle.sync();
      });
      await link(temporary, file);
      await syncFolder(dirname(file));
      return key;
    } catch (error) {
      // Name the key's file in errors, not the temporary one.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw Object.assign(error as Error, { path: file });
      return (await this.read()) as string;
    } finally {
      await rm(temporary, { force: true });
    }
  }
}
