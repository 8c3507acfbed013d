/** A lowdb adapter for a document's file. Writes are atomic, and durable once the folder is synced. */
import { readFile, rm } from 'node:fs/promises';
import type { Adapter } from 'lowdb';
import { inChunks } from './document.ts';
import { replaceFile } from './files.ts';

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

export class DocumentFile implements Adapter<unknown> {
  readonly #path: string;
  /** The bytes that `read` found, unless they begin with a byte order mark. */
  text: Buffer | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<unknown> {
    try {
      const bytes = await readFile(this.#path);
      // An editor may have added a byte order mark.
      const hasMark = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
      this.text = hasMark ? undefined : bytes;
      return JSON.parse((hasMark ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes).toString());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** @param text the document's JSON, in pieces */
  async write(text: unknown): Promise<void> {
    await replaceFile(this.#path, inChunks(text as Iterable<string | Buffer>));
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
