/** The SQL that writes documents. */
import type { AuditEntry } from '../audit.ts';
import { AUDIT_COLUMNS, auditArrays, auditRow, insertAudit } from './audit-statements.ts';
import type { Query, Statement, Value } from './database.ts';
import type { DocumentChanges, PartChange } from './document-rows.ts';
import { type GroupLimits, groupsOf } from './groups.ts';
import { textArray } from './text-array.ts';

/** The first parameters of `INSERT` and `UPDATE`. */
export interface DocumentValues {
  readonly integrationId: string;
  readonly createdAt: string;
  readonly ownRevision: number;
  readonly stateWrites: number;
  readonly bytes: number;
  readonly own: Buffer | undefined;
  /** A UUID to find the commit by. */
  readonly commitId: string;
  /** The revision that the change is based on; undefined for a new document. */
  readonly before: number | undefined;
}

export interface DocumentWrite {
  readonly values: DocumentValues;
  readonly changes: DocumentChanges;
  /** For the audit log. */
  readonly entries: readonly AuditEntry[];
}

type Scalar = string | number | Buffer | null;

const valuesOf = (values: DocumentValues): Scalar[] => [
  values.integrationId,
  values.createdAt,
  values.ownRevision,
  values.stateWrites,
  values.bytes,
  values.own ?? null,
  values.commitId,
  values.before ?? null,
];

/** Unique for each commit: a document that is removed and created again never repeats a revision. */
const REVISION = `nextval('bulkhead.revisions')`;

const INSERT = `
  INSERT INTO bulkhead.integrations (integration, created, own_revision, state_writes, bytes, text, commit_id, revision)
  SELECT $1, $2, $3, $4, $5, $6::text, $7::uuid, ${REVISION} WHERE $8::bigint IS NULL
  ON CONFLICT DO NOTHING RETURNING revision`;

const UPDATE = `
  UPDATE bulkhead.integrations
  SET created = $2, own_revision = $3, state_writes = $4, bytes = $5, text = coalesce($6::text, text),
    commit_id = $7::uuid, revision = ${REVISION}
  WHERE integration = $1 AND revision = $8::bigint RETURNING revision`;

const OWN_VALUES = 8;
const PART_COLUMNS = ['kind', 'key', 'created', 'revision', 'bytes', 'text', 'facts'] as const;
const PART_TYPES = ['text', 'text', 'text', 'bigint', 'bigint', 'text', 'text'] as const;

/** Rows of a `VALUES` list for parts. Their parameters begin after `offset`. */
function partRows(count: number, offset: number): string {
  const row = (index: number): string =>
    PART_TYPES.map((type, column) => `$${offset + index * PART_TYPES.length + column + 1}::${type}`).join(', ');
  return Array.from({ length: count }, (_, index) => `(${row(index)})`).join(', ');
}

const partValues = (parts: readonly PartChange[]): Scalar[] =>
  parts.flatMap((part) => PART_COLUMNS.map((column) => part[column]));

const REPLACE_PART = `written_at = excluded.written_at, created = excluded.created, revision = excluded.revision,
    bytes = excluded.bytes, text = excluded.text, facts = excluded.facts`;

/** @param from table expressions: `document` with the new revision, `part` with the parts */
const upsertParts = (from: string): string => `
  INSERT INTO bulkhead.parts (integration, written_at, ${PART_COLUMNS.join(', ')})
  SELECT $1, document.revision, ${PART_COLUMNS.map((column) => `part.${column}`).join(', ')} FROM ${from}
  ON CONFLICT (integration, kind, key) DO UPDATE SET ${REPLACE_PART}`;

/** Per statement. */
const PARTS_AT_ONCE: GroupLimits = { rows: 1_000, bytes: 4 * 1024 * 1024 };

/** Writes a document and its changed parts. @returns the new revision; undefined if `before` is not the current one */
export async function writeAtOnce(
  query: Query,
  { values, changes, entries }: DocumentWrite,
): Promise<number | undefined> {
  const { written, removed } = changes;
  const isNew = values.before === undefined;
  const removedAt = OWN_VALUES + written.length * PART_TYPES.length;
  const auditAt = removedAt + removedValues(removed).length;
  const text = `
    WITH document AS (${isNew ? INSERT : UPDATE})
    ${written.length === 0 ? '' : `, written AS (${upsertParts(`document, (VALUES ${partRows(written.length, OWN_VALUES)}) AS part (${PART_COLUMNS.join(', ')})`)})`}
    ${removed.length === 0 ? '' : `, removed AS (${removeParts(removedAt)})`}
    ${entries.length === 0 ? '' : `, audited AS (${insertAudit(auditAt, 'document')})`}
    SELECT revision FROM document`;
  const name = `${isNew ? 'insert' : 'update'}-${written.length}-${removed.length === 0 ? 'none' : 'some'}-${entries.length === 0 ? 'plain' : 'audited'}`;
  const audit = entries.length === 0 ? [] : auditArrays(entries);
  const parameters = [...valuesOf(values), ...partValues(written), ...removedValues(removed), ...audit];
  const [row] = await query<{ revision: string }>({ name, text }, parameters);
  return row && Number(row.revision);
}

const removeParts = (offset: number): string => `
  DELETE FROM bulkhead.parts USING document, unnest($${offset + 1}::text[], $${offset + 2}::text[]) AS part (kind, key)
  WHERE parts.integration = $1 AND parts.kind = part.kind AND parts.key = part.key`;

const removedValues = (removed: DocumentChanges['removed']): Value[] =>
  removed.length === 0 ? [] : [removed.map(({ kind }) => kind), removed.map(({ key }) => key)];

/** The same, in several statements of one transaction. */
export async function writeInPieces(
  query: Query,
  { values, changes, entries }: DocumentWrite,
): Promise<number | undefined> {
  const { written, removed } = changes;
  const own = { values, changes: { own: undefined, written: [], removed, bytes: 0 }, entries };
  const revision = await writeAtOnce(query, own);
  if (revision === undefined) return undefined;
  for (const parts of groupsOf(written, PARTS_AT_ONCE)) {
    const rows = `(VALUES ${partRows(parts.length, 2)}) AS part (${PART_COLUMNS.join(', ')})`;
    const text = upsertParts(`(SELECT $2::bigint AS revision) AS document, ${rows}`);
    await query({ text }, [values.integrationId, revision, ...partValues(parts)]);
  }
  return revision;
}

/** Columns that are passed as arrays, one parameter each. */
const CHANGE_COLUMNS = [
  'integration',
  'created',
  'own_revision',
  'state_writes',
  'bytes',
  'text',
  'commit_id',
  'before',
];
const WRITTEN_COLUMNS = ['integration', ...PART_COLUMNS];
const REMOVED_COLUMNS = ['integration', 'kind', 'key'];
const WRITTEN_AT = CHANGE_COLUMNS.length;
const REMOVED_AT = WRITTEN_AT + WRITTEN_COLUMNS.length;
const AUDIT_AT = REMOVED_AT + REMOVED_COLUMNS.length;

/** A table made of arrays. Their parameters begin after `offset`. */
const rowsAt = (offset: number, name: string, columns: readonly string[]): string =>
  `unnest(${columns.map((_, i) => `$${offset + i + 1}::text[]`).join(', ')}) AS ${name} (${columns.join(', ')})`;

/**
 * Updates several documents. Skips documents locked by another transaction: waiting would hold up the others, and two
 * nodes waiting for each other would deadlock.
 */
const UPDATE_TOGETHER: Statement = {
  name: 'update-together',
  text: `
    WITH change AS (SELECT * FROM ${rowsAt(0, 'row', CHANGE_COLUMNS)}),
    free AS (
      SELECT integration FROM bulkhead.integrations AS stored JOIN change USING (integration)
      WHERE stored.revision = change.before::bigint FOR UPDATE OF stored SKIP LOCKED
    ),
    document AS (
      UPDATE bulkhead.integrations AS stored
      SET created = change.created, own_revision = change.own_revision::bigint,
        state_writes = change.state_writes::bigint, bytes = change.bytes::bigint,
        text = coalesce(change.text, stored.text), commit_id = change.commit_id::uuid, revision = ${REVISION}
      FROM change JOIN free USING (integration)
      WHERE stored.integration = change.integration AND stored.revision = change.before::bigint
      RETURNING stored.integration, stored.revision
    ),
    written AS (
      INSERT INTO bulkhead.parts (integration, written_at, ${PART_COLUMNS.join(', ')})
      SELECT integration, document.revision, ${PART_COLUMNS.map((column, i) => `part.${column}::${PART_TYPES[i]}`).join(', ')}
      FROM document JOIN ${rowsAt(WRITTEN_AT, 'part', WRITTEN_COLUMNS)} USING (integration)
      ON CONFLICT (integration, kind, key) DO UPDATE SET ${REPLACE_PART}
    ),
    removed AS (
      DELETE FROM bulkhead.parts USING document JOIN ${rowsAt(REMOVED_AT, 'part', REMOVED_COLUMNS)} USING (integration)
      WHERE parts.integration = document.integration AND parts.kind = part.kind AND parts.key = part.key
    ),
    audited AS (
      INSERT INTO bulkhead.audit (${AUDIT_COLUMNS.join(', ')})
      SELECT ${AUDIT_COLUMNS.map((column) => `entry.${column}`).join(', ')}
      FROM document JOIN ${rowsAt(AUDIT_AT, 'entry', AUDIT_COLUMNS)} USING (integration)
      ON CONFLICT DO NOTHING
    )
    SELECT integration, revision FROM document`,
};

/** Writes several small changes. @returns the new revisions of the written documents, by integration */
export async function updateTogether(query: Query, updates: readonly DocumentWrite[]): Promise<Map<string, number>> {
  const rows = updates.map(({ values }) => valuesOf(values));
  const written = updates.flatMap(({ values, changes }) =>
    changes.written.map((part) => [values.integrationId, ...partValues([part])]),
  );
  const removed = updates.flatMap(({ values, changes }) =>
    changes.removed.map(({ kind, key }) => [values.integrationId, kind, key]),
  );
  const audited = updates.flatMap(({ entries }) => entries.map(auditRow));
  const parameters = [
    ...columnsOf(rows, CHANGE_COLUMNS.length),
    ...columnsOf(written, WRITTEN_COLUMNS.length),
    ...columnsOf(removed, REMOVED_COLUMNS.length),
    ...columnsOf(audited, AUDIT_COLUMNS.length),
  ];
  const revisions = await query<{ integration: string; revision: string }>(UPDATE_TOGETHER, parameters);
  return new Map(revisions.map(({ integration, revision }) => [integration, Number(revision)]));
}

const columnsOf = (rows: readonly (readonly Scalar[])[], count: number): Buffer[] =>
  Array.from({ length: count }, (_, column) => textArray(rows.map((row) => row[column] as Scalar)));
