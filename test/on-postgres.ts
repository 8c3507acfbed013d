/** The tests that run on PostgreSQL, too, in Vitest's project `postgres`. */
export const onPostgres: readonly string[] = [
  'test/journey*.test.ts',
  'test/dashboard/journey.test.ts',
  'test/dashboard/pages.test.ts',
  ...[
    'connections',
    'conventions',
    'events',
    'idempotency',
    'integrations',
    'lifecycle',
    'list-parameters',
    'own-authority',
    'preconditions',
    'projection',
    'records',
    'runs',
    'secrets',
    'token-reach',
  ].map((name) => `test/api/${name}.test.ts`),
];
