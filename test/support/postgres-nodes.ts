/** Nodes on the test's own PostgreSQL database. */
import { Client } from 'pg';
import { inject, onTestFinished } from 'vitest';
import { Database } from '../../src/store/postgres/database.ts';
import { type NodeOptions, type PostgresStores, postgresStores } from '../../src/store/postgres/stores.ts';
import { createDatabase } from './postgres-server.ts';
import type {} from './postgres-setup.ts';

/** Creates an empty database. @returns its URL */
export const emptyDatabase = (): Promise<string> => createDatabase(inject('postgresUrl'));

/** Creates a database that has the schema: faster than a start on an empty one. @returns its URL */
export const newDatabase = (): Promise<string> => createDatabase(inject('postgresUrl'), inject('postgresTemplateUrl'));

/** The stores of a node; closed when the test ends. */
export async function nodeOn(url: string, options: NodeOptions): Promise<PostgresStores> {
  const database = await Database.open(url);
  onTestFinished(() => database.close());
  const stores = await postgresStores(database, options);
  onTestFinished(() => stores.close());
  return stores;
}

/** Runs SQL for a test. */
export async function rowsOf(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
