/**
 * Writes documents. Small concurrent changes of different documents share one statement, and with it the wait for the
 * disk. Each is still written whole or not at all, independently of the others.
 */
import { StoreError } from '../store.ts';
import { Batches } from './batches.ts';
import type { Database, Query } from './database.ts';
import { type DocumentWrite, updateTogether, writeAtOnce, writeInPieces } from './write-statements.ts';

/** More than one, so that a slow write does not hold up all others. */
const STATEMENTS_AT_ONCE = 2;
const DOCUMENTS_AT_ONCE = 32;
/** A larger change gets its own statement. */
const SMALL_BYTES = 32 * 1024;
/** A change of more parts is written by several statements in one transaction. */
const PARTS_IN_STATEMENT = 8;

export class DocumentWriter {
  readonly #database: Database;
  readonly #query: Query;
  readonly #batches: Batches<DocumentWrite, number | undefined>;

  constructor(database: Database) {
    this.#database = database;
    this.#query = (statement, values) => database.query(statement, values);
    this.#batches = new Batches({
      atOnce: STATEMENTS_AT_ONCE,
      size: DOCUMENTS_AT_ONCE,
      answer: (writes) => this.#writeTogether(writes),
    });
  }

  /** @returns the new revision; undefined if the change is not based on the current one @throws StoreError */
  async write(write: DocumentWrite): Promise<number | undefined> {
    const { written, removed } = write.changes;
    if (written.length + removed.length > PARTS_IN_STATEMENT) {
      return this.#database.transaction((query) => writeInPieces(query, write));
    }
    const isSmallUpdate = write.values.before !== undefined && bytesOf(write) <= SMALL_BYTES;
    const revision = isSmallUpdate ? await this.#batches.ask(write) : undefined;
    return revision ?? writeAtOnce(this.#query, write);
  }

  /** @returns undefined for a change that was not written and needs its own statement */
  async #writeTogether(writes: readonly DocumentWrite[]): Promise<(number | undefined)[]> {
    const none = writes.map(() => undefined);
    if (writes.length === 1) return none;
    try {
      const revisions = await updateTogether(this.#query, writes);
      return writes.map(({ values }) => revisions.get(values.integrationId));
    } catch (error) {
      // If the database works, one change is at fault: the others must not fail with it.
      if (error instanceof StoreError) throw error;
      return none;
    }
  }
}

const bytesOf = ({ changes: { own, written } }: DocumentWrite): number =>
  written.reduce((sum, { bytes }) => sum + bytes, own?.length ?? 0);
