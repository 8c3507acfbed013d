/** Checks a PostgreSQL database without changing it. */
import type { DatabaseFacts } from '../../store/postgres/visit.ts';
import { StoreError } from '../../store/store.ts';
import { inspectDatabase } from '../../store-location.ts';
import { type CheckResult, ok, problem, warning } from './check-result.ts';

const OLDEST_VERSION = 14;
const CLOCK_SLACK_MS = 60_000;

/** @param hasKey whether an option sets the secret key */
export async function checkDatabase(database: string, hasKey: boolean, now: number): Promise<CheckResult[]> {
  try {
    const facts = await inspectDatabase({ database });
    return [checkVersion(facts), ...checkSchema(facts, hasKey), checkClock(facts, now)];
  } catch (error) {
    if (error instanceof StoreError) return [problem('store', error.message)];
    throw error;
  }
}

function checkVersion({ version }: DatabaseFacts): CheckResult {
  return Number.parseInt(version, 10) >= OLDEST_VERSION
    ? ok('store', `The database answers: PostgreSQL ${version}.`)
    : problem('store', `The database is PostgreSQL ${version}; version ${OLDEST_VERSION} or newer is required.`);
}

function checkSchema({ schema }: DatabaseFacts, hasKey: boolean): CheckResult[] {
  if (!schema) return [ok('documents', 'The database is empty; the first start makes the schema.')];
  const { pending, unknown, integrations, nodes, hasKey: hasStoredKey, hasToken } = schema;
  return [
    nodes.length === 0
      ? ok('nodes', 'No node is using the database.')
      : ok('nodes', `Nodes that use the database: ${nodes.join(', ')}.`),
    checkKey(hasKey, hasStoredKey, integrations),
    ok('token', hasToken ? "The administrator's token is set." : "The first start creates an administrator's token."),
    unknown.length > 0
      ? problem('documents', 'A newer version of Bulkhead has used the database, and this one does not start on it.')
      : pending.length === 0
        ? ok('documents', `${integrations} integrations are stored.`)
        : ok('documents', `${integrations} integrations are stored; the next start brings the schema up to date.`),
  ];
}

function checkKey(hasKey: boolean, hasStoredKey: boolean, integrations: number): CheckResult {
  if (hasKey) return ok('secret-key', 'The key comes from the options.');
  if (hasStoredKey)
    return warning('secret-key', 'The key is in the database, beside what it encrypts: set BULKHEAD_SECRET_KEY.');
  return integrations === 0
    ? ok('secret-key', 'The first start creates a key.')
    : warning('secret-key', 'There are integrations but no key: their credentials cannot be read without it.');
}

/** Nodes go by the database's clock. Their own is in their logs. */
function checkClock({ now: databaseNow }: DatabaseFacts, now: number): CheckResult {
  const iso = new Date(now).toISOString();
  return Math.abs(databaseNow.getTime() - now) <= CLOCK_SLACK_MS
    ? ok('clock', `The clock says ${iso}.`)
    : warning('clock', `The clock says ${iso}, but that of the database ${databaseNow.toISOString()}.`);
}
