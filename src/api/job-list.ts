/** The list of `GET /jobs`, and its filters. */
import Type from '#typebox';
import { requestError } from '../errors.ts';
import type { FlowJobs } from '../flow/flow-jobs.ts';
import type { Job } from '../flow/job.ts';
import type { JsonObject } from '../json.ts';
import { type JobStatus, jobStatuses, type StoredJob } from '../store/jobs.ts';
import { sortKeyOf } from '../store/stored.ts';
import type { ApiContext } from './context.ts';
import { LIMIT_MAX } from './paging.ts';
import { badQuery, dateQueryOf, queryOf } from './query.ts';
import { assertInReach, reachOf } from './reach.ts';

/** Jobs scanned per page, for filters that the store does not support. */
export const JOBS_SCANNED = 10_000;
const numbers = ['numSuccess', 'numError', 'numIgnore', 'numExport'] as const;
const ids = ['_integrationId', '_flowId', '_exportId', '_importId', '_flowJobId'] as const;

const text = (description: string) => Type.Optional(Type.String({ description }));
export const JobFilters = Type.Object({
  ...Object.fromEntries(ids.map((name) => [name, text(`Only jobs with this \`${name}\`.`)])),
  _flowId_in: text('Only jobs of these flows, separated by commas.'),
  type: text('`flow`, `retry`; with `_flowJobId` also `export` or `import`.'),
  type_in: text('Several types, separated by commas.'),
  status: text('Only jobs with this status; several are separated by commas.'),
  createdAt_gte: text('Only jobs created at this time (ISO 8601) or later.'),
  createdAt_lte: text('Only jobs created at this time or earlier.'),
  ...Object.fromEntries(
    numbers.flatMap((name) => [
      [`${name}_gte`, text(`Only jobs with at least this \`${name}\`.`)],
      [`${name}_lte`, text(`Only jobs with at most this \`${name}\`.`)],
    ]),
  ),
});

/** A record is plain data, but the store's type does not say so. */
export const shownJob = (job: StoredJob): JsonObject => job;

const list = (value: string | undefined): string[] | undefined => value?.split(',').map((each) => each.trim());

/** Jobs that the caller may see, newest first. Applies only the store's filters. @throws RequestError */
export async function* jobsFor(
  ctx: ApiContext,
  jobs: FlowJobs,
  before: readonly [string, string] | undefined,
  limit: number,
): AsyncGenerator<JsonObject> {
  const asked = queryOf(ctx, '_integrationId');
  const { grant } = ctx.state;
  if (asked !== undefined) assertInReach(ctx, asked);
  if (grant && asked !== undefined && asked !== grant.integrationId) throw requestError('access_restricted');
  const reach = reachOf(ctx);
  const integrationIds = asked !== undefined ? [asked] : grant ? [grant.integrationId] : reach && [...reach];
  const flowId = queryOf(ctx, '_flowId');
  const statuses = list(queryOf(ctx, 'status'));
  if (statuses?.some((status) => !jobStatuses.includes(status as JobStatus))) {
    throw badQuery(`status must be one of ${jobStatuses.join(', ')}`);
  }
  const type = queryOf(ctx, 'type');
  const query = {
    integrationIds,
    flowIds: flowId === undefined ? list(queryOf(ctx, '_flowId_in')) : [flowId],
    types: type === undefined ? list(queryOf(ctx, 'type_in')) : [type],
    statuses: statuses as JobStatus[] | undefined,
    createdFrom: dateQueryOf(ctx, 'createdAt_gte'),
    createdTo: dateQueryOf(ctx, 'createdAt_lte'),
    limit: isFiltered(ctx) ? LIMIT_MAX : limit,
  };
  let position = before;
  for (;;) {
    const page = await jobs.store.list({ ...query, before: position });
    yield* page.map(shownJob);
    const last = page.at(-1);
    if (!last || page.length < query.limit) return;
    position = sortKeyOf(last);
  }
}

/** The steps of a job, as jobs. */
export async function* stepsOf(ctx: ApiContext, parent: Job): AsyncGenerator<JsonObject> {
  const { _id, _integrationId, _flowId, status, createdAt, lastModified, startedAt, endedAt, steps = [] } = parent;
  const type = queryOf(ctx, 'type');
  const common = { _flowJobId: _id, _integrationId, _flowId, status, createdAt, lastModified, startedAt, endedAt };
  // Steps are not in order of their ids.
  const shown = steps.toSorted((a, b) => (a._id < b._id ? 1 : -1));
  for (const step of shown)
    if (type === undefined || step.type === type) yield { ...common, ...step } as unknown as JsonObject;
}

/** Whether the query has filters that the store does not support. */
const isFiltered = (ctx: ApiContext): boolean =>
  ['_exportId', '_importId', ...numbers.flatMap((name) => [`${name}_gte`, `${name}_lte`])].some(
    (name) => queryOf(ctx, name) !== undefined,
  );

/** Whether a job passes the filters that the store does not support. @throws RequestError */
export function jobFilterOf(ctx: ApiContext): (job: JsonObject) => boolean {
  const [exportId, importId] = [queryOf(ctx, '_exportId'), queryOf(ctx, '_importId')];
  const parentId = queryOf(ctx, '_flowJobId');
  const uses = ({ steps = [] }: Pick<Job, 'steps'>): boolean =>
    (exportId === undefined || steps.some(({ _exportId }) => _exportId === exportId)) &&
    (importId === undefined || steps.some(({ _importId }) => _importId === importId));
  const bounds = numbers.flatMap((name) =>
    (['gte', 'lte'] as const).flatMap((bound) => {
      const value = queryOf(ctx, `${name}_${bound}`);
      if (value === undefined) return [];
      if (!/^\d{1,12}$/.test(value)) throw badQuery(`${name}_${bound} must be a number`);
      return [{ name, isAtLeast: bound === 'gte', number: Number(value) }];
    }),
  );
  return (job) =>
    (parentId !== undefined || uses(job as Pick<Job, 'steps'>)) &&
    bounds.every(({ name, isAtLeast, number }) =>
      isAtLeast ? Number(job[name]) >= number : Number(job[name]) <= number,
    );
}
