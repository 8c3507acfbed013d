/** Lists jobs, newest first, in PostgreSQL. */
import type { JobQuery, StoredJob } from '../jobs.ts';
import type { Database, Value } from './database.ts';

export async function listJobs(database: Database, query: JobQuery): Promise<StoredJob[]> {
  const { before, limit, integrationIds, flowIds, types, statuses, createdFrom, createdTo } = query;
  const values: Value[] = [limit];
  const next = (value: Value): string => `$${values.push(value)}`;
  const conditions = ['true'];
  const isOneOf = (column: string, allowed: readonly string[] | undefined): void => {
    // With an equality, an index provides the order of the list.
    if (allowed?.length === 1) conditions.push(`${column} = ${next(allowed[0] as string)}`);
    else if (allowed) conditions.push(`${column} = ANY (${next(allowed)})`);
  };
  isOneOf('integration', integrationIds);
  isOneOf('flow', flowIds);
  isOneOf('type', types);
  isOneOf('status', statuses);
  if (createdFrom !== undefined) conditions.push(`created >= ${next(createdFrom)}`);
  if (createdTo !== undefined) conditions.push(`created <= ${next(createdTo)}`);
  if (before) conditions.push(`(created, id) < (${next(before[0])}, ${next(before[1])})`);
  const text = `
    SELECT record FROM bulkhead.flow_jobs WHERE ${conditions.join(' AND ')}
    ORDER BY created DESC, id DESC LIMIT $1`;
  return (await database.query<{ record: string }>({ text }, values)).map(jobOf);
}

export const jobOf = ({ record }: { readonly record: string }): StoredJob => JSON.parse(record) as StoredJob;
