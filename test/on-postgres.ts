/** The tests that run on PostgreSQL, too, in Vitest's project `postgres`. */
export const onPostgres: readonly string[] = [
  'test/journey.test.ts',
  'test/flow/flows.test.ts',
  ...['connections', 'integrations', 'preconditions', 'secrets'].map((name) => `test/api/${name}.test.ts`),
];
