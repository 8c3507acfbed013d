/** The SQL of jobs of flows. */
import { activeStatuses } from '../jobs.ts';
import { NO_WAIT_FOR_DISK, type Statement } from './database.ts';
import { CHANNEL } from './listener.ts';
import { IS_ACTIVE } from './schema.ts';

/**
 * The turn of an integration's new job, for fairness between integrations: one after its own last job, and not before
 * the last job taken.
 */
const turnOf = (integration: string): string => `
  greatest(
    (SELECT max(turn) + 1 FROM bulkhead.flow_jobs WHERE integration = ${integration} AND ${IS_ACTIVE}),
    coalesce(
      (SELECT max(turn) FROM bulkhead.flow_jobs WHERE node IS NOT NULL AND ${IS_ACTIVE}),
      (SELECT min(turn) FROM bulkhead.flow_jobs WHERE node IS NULL AND ${IS_ACTIVE}),
      0
    )
  )`;

/** Integration, id, flow, type, status, created, scheduled, record. @returns no row if the flow has such a job */
export const add: Statement = {
  name: 'jobs-add',
  text: `
    WITH added AS (
      INSERT INTO bulkhead.flow_jobs (integration, id, flow, type, status, created, scheduled, record, turn)
      SELECT $1, $2, $3, $4, $5, $6, $7, $8, ${turnOf('$1')}
      WHERE NOT EXISTS (SELECT FROM bulkhead.flow_schedules WHERE integration = $1 AND flow = $3 AND last = $7)
      ON CONFLICT DO NOTHING RETURNING turn
    ), scheduled AS (
      INSERT INTO bulkhead.flow_schedules AS schedule (integration, flow, last)
      SELECT $1, $3, $7 FROM added WHERE $7 IS NOT NULL
      ON CONFLICT (integration, flow) DO UPDATE SET last = greatest(schedule.last, excluded.last)
    )
    SELECT turn, pg_notify('${CHANNEL}', 'jobs') FROM added`,
};

export const exists: Statement = {
  name: 'jobs-exists',
  text: 'SELECT FROM bulkhead.flow_jobs WHERE integration = $1 AND id = $2',
};

/** The same columns as arrays, in the order of $2; turns are per integration. */
export const put: Statement = {
  name: 'jobs-put',
  text: `
    WITH job AS (
      SELECT *, row_number() OVER (PARTITION BY integration ORDER BY id)::int AS turn
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
        AS row (integration, id, flow, type, status, created, scheduled, record)
    ), scheduled AS (
      INSERT INTO bulkhead.flow_schedules AS schedule (integration, flow, last)
      SELECT integration, flow, max(scheduled) FROM job WHERE scheduled IS NOT NULL GROUP BY integration, flow
      ON CONFLICT (integration, flow) DO UPDATE SET last = greatest(schedule.last, excluded.last)
    )
    INSERT INTO bulkhead.flow_jobs (integration, id, flow, type, status, created, scheduled, record, turn)
    SELECT integration, id, flow, type, status, created, scheduled, record, turn FROM job
    RETURNING integration, id, turn, status`,
};

export const get: Statement = {
  name: 'jobs-get',
  text: 'SELECT record FROM bulkhead.flow_jobs WHERE id = $1',
};

export const latest: Statement = {
  name: 'jobs-latest',
  text: `
    SELECT job.record FROM unnest($2::text[]) AS asked (flow), LATERAL (
      SELECT record FROM bulkhead.flow_jobs AS stored WHERE integration = $1 AND stored.flow = asked.flow
      ORDER BY created DESC, id DESC LIMIT 1
    ) AS job`,
};

export const lastScheduled: Statement = {
  name: 'jobs-last-scheduled',
  text: 'SELECT flow, last FROM bulkhead.flow_schedules WHERE flow = ANY ($1)',
};

/**
 * Integration, id, type, status, record, expected statuses, and whether an earlier attempt may have succeeded. An ended
 * job has no node.
 */
export const update: Statement = {
  name: 'jobs-update',
  text: `
    WITH updated AS (
      UPDATE bulkhead.flow_jobs SET type = $3, status = $4, record = $5,
        node = CASE WHEN $4 = ANY ('{${activeStatuses.join()}}') THEN node END
      WHERE integration = $1 AND id = $2 AND (status = ANY ($6) OR ($7 AND record = $5)) RETURNING id
    )
    ${NO_WAIT_FOR_DISK}, (SELECT count(*)::int FROM updated) AS count`,
};

/** For an ended job that becomes active again: it goes back into the queue. */
export const lockEnded: Statement = {
  name: 'jobs-lock-ended',
  text: `SELECT turn FROM bulkhead.flow_jobs WHERE integration = $1 AND id = $2 AND NOT ${IS_ACTIVE} FOR UPDATE`,
};

export const notify: Statement = { name: 'jobs-notify', text: `SELECT pg_notify('${CHANNEL}', 'jobs')` };

export const requestCancel: Statement = {
  name: 'jobs-request-cancel',
  text: `
    WITH requested AS (UPDATE bulkhead.flow_jobs SET is_cancelled = true WHERE integration = $1 AND id = $2)
    SELECT pg_notify('${CHANNEL}', 'jobs')`,
};

export const isAnyWaiting: Statement = {
  name: 'jobs-is-any-waiting',
  text: `SELECT EXISTS (SELECT FROM bulkhead.flow_jobs WHERE node IS NULL AND ${IS_ACTIVE}) AS is_waiting`,
};

/** Node, and integrations and ids of jobs that left the queue. */
export const claim: Statement = {
  name: 'jobs-claim',
  text: `
    UPDATE bulkhead.flow_jobs AS job SET node = $1 FROM unnest($2::text[], $3::text[]) AS taken (integration, id)
    WHERE job.integration = taken.integration AND job.id = taken.id AND node IS NULL AND ${IS_ACTIVE}
    RETURNING job.integration, job.id`,
};

/** Releases a node's jobs ($1) except some ($2). @param $3 1 if they have failed, otherwise 0 */
export const release: Statement = {
  name: 'jobs-release',
  text: `
    UPDATE bulkhead.flow_jobs SET node = NULL, attempts = attempts + $3::int
    WHERE node = $1 AND id <> ALL ($2::text[]) AND ${IS_ACTIVE}
    RETURNING integration, id, turn, attempts`,
};

/** The jobs among $1 that belong to this node ($2) or have ended. */
export const owned: Statement = {
  name: 'jobs-owned',
  text: `SELECT id, is_cancelled FROM bulkhead.flow_jobs WHERE id = ANY ($1) AND (node = $2 OR NOT ${IS_ACTIVE})`,
};

export const integrations: Statement = {
  name: 'jobs-integrations',
  text: `
    SELECT integration FROM bulkhead.flow_jobs UNION SELECT integration FROM bulkhead.flow_schedules
    UNION SELECT integration FROM bulkhead.received_messages`,
};

/** Locks jobs to be removed, so that nobody adds errors to them meanwhile. */
export const lockOf: Statement = {
  name: 'jobs-lock-of',
  text: 'SELECT integration, id FROM bulkhead.flow_jobs WHERE integration = $1 LIMIT $2 FOR UPDATE',
};

export const lockOld: Statement = {
  name: 'jobs-lock-old',
  text: `
    SELECT integration, id FROM bulkhead.flow_jobs WHERE created < $1 AND NOT ${IS_ACTIVE}
    ORDER BY created LIMIT $2 FOR UPDATE SKIP LOCKED`,
};

const removeFrom = (table: string, id: string): string => `
  DELETE FROM bulkhead.${table} AS stored USING unnest($1::text[], $2::text[]) AS gone (integration, id)
  WHERE stored.integration = gone.integration AND stored.${id} = gone.id`;

export const removeErrors: Statement = { name: 'jobs-remove-errors', text: removeFrom('job_errors', 'job') };
export const remove: Statement = { name: 'jobs-remove', text: removeFrom('flow_jobs', 'id') };

export const forgetSchedules: Statement = {
  name: 'jobs-forget-schedules',
  text: 'DELETE FROM bulkhead.flow_schedules WHERE integration = $1',
};

export const all: Statement = {
  name: 'jobs-all',
  text: 'SELECT record FROM bulkhead.flow_jobs WHERE id > $1 ORDER BY id LIMIT $2',
};
