import { defineConfig } from 'vitest/config';

/** `*.test.ts` are pure and run in `pnpm check` too; `*.db.test.ts` run on a real Postgres, which the global set-up starts. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'pure',
          include: ['{packages,apps}/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/src/**/*.test.ts'],
          exclude: ['**/*.db.test.ts', '**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'db',
          include: ['{packages,apps}/*/src/**/*.db.test.ts', 'bench/src/**/*.db.test.ts'],
          globalSetup: ['packages/db/src/testing-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
