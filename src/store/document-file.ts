/** A lowdb adapter for a document's file. What it writes is atomic, and durable once the folder is synced. */
import { readFile, rm } from 'node:fs/promises';
import type { Adapter } from 'lowdb';
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

  async write(data: unknown): Promise<void> {
    await replaceFile(this.#path, JSON.stringify(data));
  }

  async remove(): Promise<void> {
    // One that has gone already is what is wanted.
    await rm(this.#path, { force: true });
  }
}

/** No larger than it has to be: what a `Buffer` takes by itself may be twice as much. */
export function documentText(document: unknown): Buffer {
  const text = JSON.stringify(document);
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}
