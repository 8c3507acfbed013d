/** The SQL that reads, locks and removes documents. */
import { insertAudit } from './audit-statements.ts';
import type { Statement } from './database.ts';

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

/** The revision of a document ($1) whose last commit has an id ($2). */
export const COMMITTED: Statement = {
  name: 'committed',
  text: 'SELECT revision FROM bulkhead.integrations WHERE integration = $1 AND commit_id = $2',
};

/** Removes a document ($1) at a revision ($2). */
export const REMOVE: Statement = {
  name: 'remove',
  text: `
    WITH document AS (
      DELETE FROM bulkhead.integrations WHERE integration = $1 AND revision = $2 RETURNING integration
    ), parts AS (
      DELETE FROM bulkhead.parts USING document WHERE parts.integration = document.integration
    ), audited AS (${insertAudit(2, 'document')})
    SELECT integration FROM document`,
};
