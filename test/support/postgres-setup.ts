/** Vitest's global setup: one PostgreSQL server for all tests. Each test creates its own database. */
import type { TestProject } from 'vitest/node';
import { Database } from '../../src/store/postgres/database.ts';
import { PostgresServer } from './postgres-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
    /** Has the schema, and is used by nobody. */
    postgresTemplateUrl: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await PostgresServer.start('fsync=off', 'full_page_writes=off');
  const onExit = (): void => server.removeNow();
  process.once('exit', onExit);
  project.provide('postgresUrl', server.urlOf('postgres'));
  const template = await server.createDatabase();
  await (await Database.open(template)).close();
  project.provide('postgresTemplateUrl', template);
  return async () => {
    process.off('exit', onExit);
    await server.remove();
  };
}
