/** The SQL of run records. */
import { RUNS_RETAINED } from '../storage.ts';
import { NO_WAIT_FOR_DISK, type Statement } from './database.ts';

/** Integrations per statement. */
export const PAGE_SIZE = 1_000;

/**
 * Rows are passed as JSON because pg escapes array elements one character at a time: 200 ms instead of 20 ms for a
 * hostile record of 3 MB. If a row with the same key exists, its node was taken for dead too early: the later row wins.
 */
export const write: Statement = {
  name: 'runs-write',
  text: `
    WITH begun AS (
      INSERT INTO bulkhead.running_runs (integration, id, node, record)
      SELECT integration, id, $1, record FROM json_to_recordset($2) AS run (integration text, id text, record text)
      ON CONFLICT (integration, id) DO UPDATE SET node = excluded.node, record = excluded.record
    ), ended AS (
      INSERT INTO bulkhead.ended_runs (integration, newest, ids, records)
      SELECT integration, newest, ids, records
      FROM json_to_recordset($3) AS run (integration text, newest text, ids text, records text)
      ON CONFLICT (integration, newest) DO UPDATE SET ids = excluded.ids, records = excluded.records
    ), dropped AS (
      DELETE FROM bulkhead.running_runs WHERE id = ANY ($4)
    )
    ${NO_WAIT_FOR_DISK}`,
};

/**
 * Runs by their integrations ($1) and ids ($2), including those running on nodes other than this one ($3). Ids count
 * up, so a run is in a row whose newest run is not older. If a run was listed as cut off but ended after all, its
 * node's row is the longer one.
 */
export const find: Statement = {
  name: 'runs-find',
  text: `
    SELECT run.number::int, found.records
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS run (integration, id, number), LATERAL (
      SELECT records, length(ids) AS chars FROM bulkhead.ended_runs AS ended
      WHERE ended.integration = run.integration AND newest >= run.id AND strpos(ids, run.id) > 0
      UNION ALL
      SELECT '[' || record || ']', 0 FROM bulkhead.running_runs AS running
      WHERE running.integration = run.integration AND running.id = run.id AND node <> $3
      ORDER BY chars DESC LIMIT 1
    ) AS found`,
};

/** Each row has at least one run, and none newer than its `newest`. */
export const ids: Statement = {
  name: 'runs-ids',
  text: `
    (SELECT ids FROM bulkhead.ended_runs WHERE integration = $1 ORDER BY newest DESC LIMIT ${RUNS_RETAINED})
    UNION ALL SELECT id FROM bulkhead.running_runs WHERE integration = $1 AND node <> $2`,
};

export const newest: Statement = {
  name: 'runs-newest',
  text: `
    SELECT number::int, (SELECT max(newest) FROM bulkhead.ended_runs WHERE integration = asked.id) AS newest
    FROM unnest($1::text[]) WITH ORDINALITY AS asked (id, number)`,
};

export const trim: Statement = {
  name: 'runs-trim',
  text: `
    WITH trimmed AS (
      DELETE FROM bulkhead.ended_runs WHERE integration = $1 AND newest < (
        SELECT id FROM bulkhead.ended_runs AS run, unnest(string_to_array(run.ids, ',')) AS id
        WHERE run.integration = $1 ORDER BY id DESC OFFSET ${RUNS_RETAINED - 1} LIMIT 1
      )
    )
    ${NO_WAIT_FOR_DISK}`,
};

/** Skips through the index from one integration to the next, because each may have a hundred rows. */
export const integrations: Statement = {
  name: 'runs-integrations',
  text: `
    WITH RECURSIVE page (integration, number) AS (
      (SELECT integration, 1 FROM bulkhead.ended_runs WHERE integration > $1 ORDER BY integration LIMIT 1)
      UNION ALL
      SELECT next.integration, number + 1 FROM page, LATERAL (
        SELECT integration FROM bulkhead.ended_runs AS run
        WHERE run.integration > page.integration ORDER BY integration LIMIT 1
      ) AS next
      WHERE number < ${PAGE_SIZE}
    )
    SELECT integration FROM page`,
};

export const runningIntegrations: Statement = {
  name: 'runs-running-integrations',
  text: 'SELECT DISTINCT integration FROM bulkhead.running_runs',
};

export const rows: Statement = {
  name: 'runs-rows',
  text: `
    SELECT ids, octet_length(records) AS bytes, false AS is_running FROM bulkhead.ended_runs WHERE integration = $1
    UNION ALL
    SELECT id, octet_length(record), true FROM bulkhead.running_runs WHERE integration = $1`,
};

/** Ended rows by their newest run ($2), and running runs ($3). */
export const recordsIn: Statement = {
  name: 'runs-records-in',
  text: `
    SELECT newest, records, false AS is_running FROM bulkhead.ended_runs WHERE integration = $1 AND newest = ANY ($2)
    UNION ALL
    SELECT id, '[' || record || ']', true FROM bulkhead.running_runs WHERE integration = $1 AND id = ANY ($3)
    ORDER BY newest`,
};

export const forget: Statement = {
  name: 'runs-forget',
  text: `
    WITH running AS (DELETE FROM bulkhead.running_runs WHERE integration = $1)
    DELETE FROM bulkhead.ended_runs WHERE integration = $1`,
};

/**
 * Appends the outcome to the JSON text, where JSON.parse takes the last of two equal keys. PostgreSQL's JSON functions
 * would refuse an escaped U+0000.
 */
export const cutOffRuns: Statement = {
  name: 'runs-cut-off',
  text: `
    WITH cut AS (DELETE FROM bulkhead.running_runs WHERE node = $1 RETURNING integration, id, record)
    INSERT INTO bulkhead.ended_runs (integration, newest, ids, records)
    SELECT integration, id, id, '[' || left(record, -1) || ',"outcome":"cut_off"}]' FROM cut
    ON CONFLICT (integration, newest) DO NOTHING`,
};
