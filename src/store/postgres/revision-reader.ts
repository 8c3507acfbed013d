/**
 * Asks the database for the revisions of documents, many in one statement: while one is on its way, the questions that
 * come are gathered for the next. An answer is never older than its question.
 */
import type { Database } from './database.ts';

const REVISIONS = {
  name: 'revisions',
  text: `
    SELECT integration, revision, locked_by IS NOT NULL AS is_locked FROM bulkhead.integrations
    WHERE integration = ANY($1)`,
};
/** Statements on their way at once. */
const AT_ONCE = 2;

export interface CurrentRevision {
  readonly revision: number;
  readonly isLocked: boolean;
}

type Answer = PromiseWithResolvers<CurrentRevision | undefined>;

export class RevisionReader {
  readonly #database: Database;
  #waiting = new Map<string, Answer>();
  #running = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Undefined if there is no such document. @throws StoreError */
  read(integrationId: string): Promise<CurrentRevision | undefined> {
    let answer = this.#waiting.get(integrationId);
    if (!answer) {
      answer = Promise.withResolvers();
      this.#waiting.set(integrationId, answer);
      // Gathers the questions of one turn of the event loop.
      if (this.#waiting.size === 1 && this.#running < AT_ONCE) setImmediate(() => this.#readAll());
    }
    return answer.promise;
  }

  async #readAll(): Promise<void> {
    if (this.#waiting.size === 0 || this.#running >= AT_ONCE) return;
    const questions = this.#waiting;
    this.#waiting = new Map();
    this.#running++;
    try {
      const rows = await this.#database.query<{ integration: string; revision: string; is_locked: boolean }>(
        REVISIONS,
        [[...questions.keys()]],
      );
      for (const { integration, revision, is_locked: isLocked } of rows) {
        questions.get(integration)?.resolve({ revision: Number(revision), isLocked });
      }
      for (const { resolve } of questions.values()) resolve(undefined);
    } catch (error) {
      for (const { reject } of questions.values()) reject(error);
    } finally {
      this.#running--;
      void this.#readAll();
    }
  }
}
