/** Test projects: each folder of `test` is one, so that a kind of test can be run alone. */
import { defineConfig } from 'vitest/config';

const onPostgres = {
  globalSetup: ['test/support/global-setup.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { name: 'architecture', include: ['test/architecture/**/*.test.ts'] } },
      // Property tests run thousands of cases; a busy machine must not fail them.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      { test: { name: 'database', include: ['test/database/**/*.test.ts'], ...onPostgres } },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...onPostgres } },
      { test: { name: 'chaos', include: ['test/chaos/**/*.test.ts'], ...onPostgres, testTimeout: 300_000 } },
    ],
  },
});
