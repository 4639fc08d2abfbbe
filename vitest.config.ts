import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** One at a time, test files wait for Postgres and for processes more than they compute: three keep two cores busy. */
const WORKERS = 3;

/** These begin first, lest one of them runs alone at the end: on its first run, a checkout knows no times to go by. */
const LONGEST = [
  'bench/src/bench.db.test.ts',
  'apps/server/src/commands.db.test.ts',
  'apps/server/src/watch-page.db.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const longest = LONGEST.map((file) => path.join(import.meta.dirname, file));
    const { long = [], others = [] } = Object.groupBy(await super.sort(files), ({ moduleId }) =>
      longest.includes(path.normalize(moduleId)) ? 'long' : 'others',
    );
    return [...long, ...others];
  }
}

/** `*.test.ts` are pure and run in `pnpm check` too; `*.db.test.ts` run on a real Postgres, which the global set-up starts. */
export default defineConfig({
  test: {
    maxWorkers: WORKERS,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'pure',
          include: ['{packages,apps}/*/{src,web}/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/src/**/*.test.ts'],
          exclude: ['**/*.db.test.ts', '**/node_modules/**'],
          // Pure code has no state that one file could leave to the next: each worker imports it once.
          isolate: false,
          // A busy machine takes its time.
          testTimeout: 30_000,
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
