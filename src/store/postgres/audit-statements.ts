/** The SQL that writes entries of the audit log, alone or within another statement. */
import { type AuditEntry, writerOf } from '../audit.ts';

export const AUDIT_COLUMNS = ['integration', 'id', 'time', 'writer', 'resource', 'entry'] as const;

type Row = (string | null)[];

/** An entry's values, in the order of the columns. */
export const auditRow = (entry: AuditEntry): Row => [
  entry._integrationId ?? '',
  entry._id,
  entry.time,
  writerOf(entry),
  entry._resourceId ?? null,
  JSON.stringify(entry),
];

/** One array per column. */
export const auditArrays = (entries: readonly AuditEntry[]): (string | null)[][] => {
  const rows = entries.map(auditRow);
  return AUDIT_COLUMNS.map((_, column) => rows.map((row) => row[column] as string | null));
};

/**
 * Inserts entries, which are passed as arrays: one parameter per column, beginning after `offset`.
 *
 * @param from a table with one row if the change was made, otherwise without rows
 */
export const insertAudit = (offset: number, from: string): string => `
  INSERT INTO bulkhead.audit (${AUDIT_COLUMNS.join(', ')})
  SELECT ${AUDIT_COLUMNS.map((column) => `audited.${column}`).join(', ')} FROM ${from},
    unnest(${AUDIT_COLUMNS.map((_, i) => `$${offset + i + 1}::text[]`).join(', ')})
      AS audited (${AUDIT_COLUMNS.join(', ')})
  ON CONFLICT DO NOTHING`;
