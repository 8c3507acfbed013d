/** A lowdb adapter for a document's file. What it writes is atomic, and durable once the folder is synced. */
import { readFile, rm } from 'node:fs/promises';
import type { Adapter } from 'lowdb';
import { replaceFile } from './files.ts';

export class DocumentFile implements Adapter<unknown> {
  readonly #path: string;
  /** What `read` has found. */
  text: Buffer | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<unknown> {
    try {
      this.text = await readFile(this.#path);
      return JSON.parse(this.text.toString());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  async write(data: unknown): Promise<void> {
    await replaceFile(this.#path, JSON.stringify(data));
  }

  async remove(): Promise<void> {
    // One that has gone already is what is wanted.
    await rm(this.#path, { force: true });
  }
}
