/** A lowdb adapter for a document's file. What it writes is atomic, and durable once the folder is synced. */
import { readFile, rm } from 'node:fs/promises';
import type { Adapter } from 'lowdb';
import { inChunks } from './document.ts';
import { replaceFile } from './files.ts';

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

export class DocumentFile implements Adapter<unknown> {
  readonly #path: string;
  /** What `read` has found, if it is as this adapter writes it. */
  text: Buffer | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<unknown> {
    try {
      const bytes = await readFile(this.#path);
      // What an editor has put in front is not part of the document.
      const hasMark = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
      this.text = hasMark ? undefined : bytes;
      return JSON.parse((hasMark ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes).toString());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** @param text the document's JSON, piece by piece */
  async write(text: unknown): Promise<void> {
    await replaceFile(this.#path, inChunks(text as Iterable<string | Buffer>));
  }

  async remove(): Promise<void> {
    // One that has gone already is what is wanted.
    await rm(this.#path, { force: true });
  }
}
