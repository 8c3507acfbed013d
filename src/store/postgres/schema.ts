/** Names in the PostgreSQL database. */
import { activeStatuses } from '../jobs.ts';

export const SCHEMA = 'bulkhead';

/** Condition of a job that has not ended. Partial indexes need exactly the same text. */
export const IS_ACTIVE = `status IN (${activeStatuses.map((status) => `'${status}'`).join(', ')})`;
