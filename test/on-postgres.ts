/** The tests that run on PostgreSQL, too, in Vitest's project `postgres`. */
export const onPostgres: readonly string[] = [
  'test/journey*.test.ts',
  'test/dashboard/journey.test.ts',
  'test/dashboard/pages.test.ts',
  ...[
    'access-tokens',
    'audit',
    'connections',
    'events',
    'idempotency',
    'integrations',
    'lifecycle',
    'preconditions',
    'records',
    'runs',
    'scopes',
    'secrets',
  ].map((name) => `test/api/${name}.test.ts`),
];
