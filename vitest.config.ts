import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/generated-files.ts',
    // Real servers and real compartments: a worker per core, and time for a machine that is busy.
    maxWorkers: 2,
    // No module keeps state (test/architecture.test.ts): files may follow one another in a worker, which need not
    // load everything again for each.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
