import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';
import { onPostgres } from './test/on-postgres.ts';
import { slow } from './test/slow.ts';

const slowFiles = Object.values(slow).flat();

export default defineConfig({
  test: {
    globalSetup: ['test/support/generated-files.ts', 'test/support/postgres-setup.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: ['**/node_modules/**', ...slowFiles] },
      },
      { extends: true, test: { name: 'slow', include: slowFiles } },
      { extends: true, test: { name: 'postgres', include: onPostgres, env: { TEST_ENGINE: 'postgres' } } },
    ],
    // Real servers and real compartments: a worker per core, and time for a machine that is busy.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // No module keeps state (test/architecture.test.ts): files may follow one another in a worker, which need not
    // load everything again for each.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
