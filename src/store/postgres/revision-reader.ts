/** Reads the revisions of documents, many with one statement. */
import { Batches } from './batches.ts';
import type { Database } from './database.ts';

const REVISIONS = {
  name: 'revisions',
  text: `
    SELECT integration, revision, locked_by IS NOT NULL AS is_locked FROM bulkhead.integrations
    WHERE integration = ANY($1)`,
};

/** More than one, so that a slow answer does not hold up all others. */
const STATEMENTS_AT_ONCE = 2;
const DOCUMENTS_AT_ONCE = 1_000;

export interface CurrentRevision {
  readonly revision: number;
  readonly isLocked: boolean;
}

interface Row {
  readonly integration: string;
  readonly revision: string;
  readonly is_locked: boolean;
}

export class RevisionReader {
  readonly #batches: Batches<string, CurrentRevision | undefined>;

  constructor(database: Database) {
    this.#batches = new Batches({
      atOnce: STATEMENTS_AT_ONCE,
      size: DOCUMENTS_AT_ONCE,
      async answer(ids) {
        const rows = await database.query<Row>(REVISIONS, [ids]);
        const found = new Map(rows.map((row) => [row.integration, row]));
        return ids.map((id) => {
          const row = found.get(id);
          return row && { revision: Number(row.revision), isLocked: row.is_locked };
        });
      },
    });
  }

  /** Undefined if there is no such document. @throws StoreError */
  read(integrationId: string): Promise<CurrentRevision | undefined> {
    return this.#batches.ask(integrationId);
  }
}
