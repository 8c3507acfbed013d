/** The SQL of documents. */
import type { Query, Statement, Value } from './database.ts';
import type { DocumentChanges, PartChange } from './document-rows.ts';

/** Documents by their ids ($1). Parts that were last written before a revision ($2) come without their text. */
export const LOAD: Statement = {
  name: 'load',
  text: `
    SELECT integration, NULL AS kind, integration AS key, own_revision AS revision, text, NULL AS facts,
      revision AS document_revision, state_writes, bytes, 0 AS position
    FROM bulkhead.integrations WHERE integration = ANY($1)
    UNION ALL
    SELECT integration, kind, key, revision, CASE WHEN written_at > $2 THEN text END,
      CASE WHEN written_at > $2 THEN facts END, NULL, NULL, NULL, position
    FROM bulkhead.parts WHERE integration = ANY($1)
    ORDER BY position`,
};

/** Integrations after a sort key ($1, $2), oldest first, at most $3. */
export const PAGE: Statement = {
  name: 'page',
  text: `
    SELECT integration, created, revision, bytes, locked_by IS NOT NULL AS is_locked FROM bulkhead.integrations
    WHERE (created, integration) > ($1, $2) ORDER BY created, integration LIMIT $3`,
};

/** Records of a kind ($1) after a sort key ($2, $3), oldest first, at most $4. */
export const RECORD_PAGE: Statement = {
  name: 'record-page',
  text: `
    SELECT integration, created, key, bytes FROM bulkhead.parts
    WHERE kind = $1 AND created IS NOT NULL AND (created, key) > ($2, $3) ORDER BY created, key LIMIT $4`,
};

/** Records of a kind ($1) by their integrations ($2) and ids ($3), oldest first. */
export const RECORDS: Statement = {
  name: 'records',
  text: `
    SELECT key, revision, bytes, text, facts FROM bulkhead.parts
    JOIN unnest($2::text[], $3::text[]) AS wanted (integration, key) USING (integration, key)
    WHERE kind = $1 ORDER BY created, key`,
};

/** The integration that a record ($1) belongs to; an integration belongs to itself. */
export const OWNER: Statement = {
  name: 'owner',
  text: `
    SELECT integration FROM bulkhead.parts WHERE key = $1 AND created IS NOT NULL
    UNION ALL SELECT integration FROM bulkhead.integrations WHERE integration = $1
    LIMIT 1`,
};

/** Locks an integration ($1) for a node ($2). */
export const LOCK: Statement = {
  name: 'lock',
  text: `
    UPDATE bulkhead.integrations SET locked_by = $2 WHERE integration = $1 AND locked_by IS NULL RETURNING integration`,
};

export const UNLOCK: Statement = {
  name: 'unlock',
  text: 'UPDATE bulkhead.integrations SET locked_by = NULL WHERE integration = $1 AND locked_by = $2',
};

/** Removes a document ($1) at a revision ($2). */
export const REMOVE: Statement = {
  name: 'remove',
  text: `
    WITH document AS (
      DELETE FROM bulkhead.integrations WHERE integration = $1 AND revision = $2 RETURNING integration
    ), parts AS (
      DELETE FROM bulkhead.parts USING document WHERE parts.integration = document.integration
    )
    SELECT integration FROM document`,
};

/** Values of the first parameters of `INSERT` and `UPDATE`. */
export interface DocumentValues {
  readonly integrationId: string;
  readonly createdAt: string;
  readonly ownRevision: number;
  readonly stateWrites: number;
  readonly bytes: number;
  readonly own: Buffer | undefined;
  /** The revision that the change is based on; undefined for a new document. */
  readonly before: number | undefined;
}

const valuesOf = (values: DocumentValues): Value[] => [
  values.integrationId,
  values.createdAt,
  values.ownRevision,
  values.stateWrites,
  values.bytes,
  values.own ?? null,
  values.before ?? null,
];

/** Each commit has a revision that no other has: a document that is removed and made again does not repeat one. */
const REVISION = `nextval('bulkhead.revisions')`;

const INSERT = `
  INSERT INTO bulkhead.integrations (integration, created, own_revision, state_writes, bytes, text, revision)
  SELECT $1, $2, $3, $4, $5, $6::text, ${REVISION} WHERE $7::bigint IS NULL
  ON CONFLICT DO NOTHING RETURNING revision`;

const UPDATE = `
  UPDATE bulkhead.integrations
  SET created = $2, own_revision = $3, state_writes = $4, bytes = $5, text = coalesce($6::text, text),
    revision = ${REVISION}
  WHERE integration = $1 AND revision = $7::bigint RETURNING revision`;

const OWN_VALUES = 7;
const PART_COLUMNS = ['kind', 'key', 'created', 'revision', 'bytes', 'text', 'facts'] as const;
const PART_TYPES = ['text', 'text', 'text', 'bigint', 'bigint', 'text', 'text'] as const;

/** Rows of a `VALUES` list for parts, whose parameters begin after `offset`. */
function partRows(count: number, offset: number): string {
  const row = (index: number): string =>
    PART_TYPES.map((type, column) => `$${offset + index * PART_TYPES.length + column + 1}::${type}`).join(', ');
  return Array.from({ length: count }, (_, index) => `(${row(index)})`).join(', ');
}

const partValues = (parts: readonly PartChange[]): Value[] =>
  parts.flatMap(({ kind, key, created, revision, text, facts }) => [
    kind,
    key,
    created,
    revision,
    text.length,
    text,
    facts,
  ]);

/** @param from a table expression with the new revision, and `part` with the parts */
const upsertParts = (from: string): string => `
  INSERT INTO bulkhead.parts (integration, written_at, ${PART_COLUMNS.join(', ')})
  SELECT $1, document.revision, ${PART_COLUMNS.map((column) => `part.${column}`).join(', ')} FROM ${from}
  ON CONFLICT (integration, kind, key) DO UPDATE SET written_at = excluded.written_at, created = excluded.created,
    revision = excluded.revision, bytes = excluded.bytes, text = excluded.text, facts = excluded.facts`;

/** A commit that is one statement; larger ones are transactions of several. */
const PARTS_IN_STATEMENT = 8;
/** Parts, and their bytes, in one statement of a transaction. */
const PARTS_AT_ONCE = 1_000;
const BYTES_AT_ONCE = 4 * 1024 * 1024;

/** Whether a commit is small enough for one statement, which saves the round trips of a transaction. */
export const isOneStatement = ({ written, removed }: DocumentChanges): boolean =>
  written.length + removed.length <= PARTS_IN_STATEMENT;

/** Writes a document and its changed parts. @returns the new revision; undefined if the document has another one */
export async function writeAtOnce(
  query: Query,
  values: DocumentValues,
  { written, removed }: DocumentChanges,
): Promise<number | undefined> {
  const isNew = values.before === undefined;
  const removedAt = OWN_VALUES + written.length * PART_TYPES.length;
  const text = `
    WITH document AS (${isNew ? INSERT : UPDATE})
    ${written.length === 0 ? '' : `, written AS (${upsertParts(`document, (VALUES ${partRows(written.length, OWN_VALUES)}) AS part (${PART_COLUMNS.join(', ')})`)})`}
    ${removed.length === 0 ? '' : `, removed AS (${removeParts(removedAt)})`}
    SELECT revision FROM document`;
  const name = `${isNew ? 'insert' : 'update'}-${written.length}-${removed.length === 0 ? 'none' : 'some'}`;
  const parameters = [...valuesOf(values), ...partValues(written), ...removedValues(removed)];
  const [row] = await query<{ revision: string }>({ name, text }, parameters);
  return row && Number(row.revision);
}

const removeParts = (offset: number): string => `
  DELETE FROM bulkhead.parts USING document, unnest($${offset + 1}::text[], $${offset + 2}::text[]) AS part (kind, key)
  WHERE parts.integration = $1 AND parts.kind = part.kind AND parts.key = part.key`;

const removedValues = (removed: DocumentChanges['removed']): Value[] =>
  removed.length === 0 ? [] : [removed.map(({ kind }) => kind), removed.map(({ key }) => key)];

/** The same in several statements of a transaction. */
export async function writeInPieces(
  query: Query,
  values: DocumentValues,
  { written, removed }: DocumentChanges,
): Promise<number | undefined> {
  const revision = await writeAtOnce(query, values, { own: undefined, written: [], removed, bytes: 0 });
  if (revision === undefined) return undefined;
  for (const parts of piecesOf(written)) {
    const rows = `(VALUES ${partRows(parts.length, 2)}) AS part (${PART_COLUMNS.join(', ')})`;
    const text = upsertParts(`(SELECT $2::bigint AS revision) AS document, ${rows}`);
    await query({ text }, [values.integrationId, revision, ...partValues(parts)]);
  }
  return revision;
}

function* piecesOf(parts: readonly PartChange[]): Generator<readonly PartChange[]> {
  let piece: PartChange[] = [];
  let bytes = 0;
  for (const part of parts) {
    piece.push(part);
    bytes += part.text.length;
    if (piece.length < PARTS_AT_ONCE && bytes < BYTES_AT_ONCE) continue;
    yield piece;
    [piece, bytes] = [[], 0];
  }
  if (piece.length > 0) yield piece;
}
