/** Names in the PostgreSQL database. */
import { activeStatuses } from '../jobs.ts';

export const SCHEMA = 'bulkhead';

/** Condition of a job that has not ended. Indexes serve statements that have the same text. */
export const IS_ACTIVE = `status IN (${activeStatuses.map((status) => `'${status}'`).join(', ')})`;
