/**
 * The schema of the PostgreSQL database, as steps that run once each, in order. Never change a released step. All names
 * are qualified, because a connection pooler may not pass on a `search_path`.
 */
import { Kysely, type LogEvent, PostgresAdapter, PostgresDialect, sql, type Transaction } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { DatabaseError, type Pool } from 'pg';
import { StoreError } from '../store.ts';
import { migrateQueue } from './queue-library.ts';
import { SCHEMA } from './schema.ts';
import * as texts from './schema-steps.ts';

const step = (text: string): Migration => ({
  async up(database) {
    await sql.raw(text).execute(database);
  },
});

const steps: Record<string, Migration> = {
  '0001-documents': step(texts.documents),
  '0002-runs-keys-permissions-bundles-settings': step(texts.others),
  '0003-access-tokens-audit': step(texts.tokensAndAudit),
  '0004-run-cancellations': step(texts.cancellations),
  '0005-oauth-clients': step(texts.oauthClients),
  '0006-jobs': step(texts.jobs),
};

export const stepNames: readonly string[] = Object.keys(steps);

/** A database's steps that this version does not know, because a newer one has run them. */
export const unknownSteps = (names: readonly string[]): string[] => names.filter((name) => !stepNames.includes(name));

/** Lock of the transaction that migrates. Other nodes that start meanwhile wait for it. */
const LOCK_ID = 7_246_713_905;

/**
 * Replaces the library's lock, which belongs to a session: behind a pooler, the release may run in another session, and
 * the lock would stay forever.
 */
class MigrationAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

class MigrationDialect extends PostgresDialect {
  override createAdapter(): PostgresAdapter {
    return new MigrationAdapter();
  }
}

/** Brings the schema up to date, and then the job queue's tables. @throws StoreError that names the failed step */
export async function migrate(pool: Pool): Promise<void> {
  await migrateOwn(pool);
  await new Kysely<unknown>({ dialect: new MigrationDialect({ pool }) }).transaction().execute(async (transaction) => {
    await lock(transaction);
    await migrateQueue(pool);
  });
}

/** In one transaction. */
async function migrateOwn(pool: Pool): Promise<void> {
  // Remember the first error: the migrator may go on after it and then report only that its transaction was aborted.
  let cause: unknown;
  const log = (event: LogEvent): void => {
    if (event.level === 'error') cause ??= event.error;
  };
  const database = new Kysely<unknown>({ dialect: new MigrationDialect({ pool }), log });
  await database.transaction().execute(async (transaction) => {
    await lock(transaction);
    await refuseNewer(transaction);
    const migrator = new Migrator({
      db: transaction,
      provider: { getMigrations: async () => steps },
      migrationTableSchema: SCHEMA,
    });
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error === undefined) return;
    const failed = results.find(({ status }) => status === 'Error')?.migrationName;
    if (failed === undefined || !(cause instanceof DatabaseError)) throw cause ?? error;
    const message = `The database's schema could not be brought up to date: step ${failed} failed (${cause.message}). Nothing was changed.`;
    throw new StoreError('store_unavailable', message, { cause });
  });
}

async function lock(transaction: Transaction<unknown>): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${sql.lit(LOCK_ID)})`.execute(transaction);
}

/** A newer version of this program has run steps that this one does not know. */
async function refuseNewer(transaction: Transaction<unknown>): Promise<void> {
  const table = sql<{ exists: boolean }>`SELECT to_regclass('bulkhead.kysely_migration') IS NOT NULL AS exists`;
  const [found] = (await table.execute(transaction)).rows;
  if (!found?.exists) return;
  const { rows } = await sql<{ name: string }>`SELECT name FROM bulkhead.kysely_migration ORDER BY name`.execute(
    transaction,
  );
  const unknown = unknownSteps(rows.map(({ name }) => name));
  if (unknown.length === 0) return;
  const message = `A newer version of Bulkhead has used the database (its schema has ${unknown.join(', ')}). Start that version, or use another database.`;
  throw new StoreError('store_unavailable', message);
}
