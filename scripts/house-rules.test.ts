import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fileViolations, findCycles, importsOf, importViolations, type SourceFile } from './house-rules.ts';

function listSources(): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
    encoding: 'utf8',
  });
  return listed
    .split('\n')
    .filter((path) => path && !path.includes('/fixtures/'))
    .flatMap((path) => {
      try {
        return [{ path, text: readFileSync(path, 'utf8') }];
      } catch {
        return []; // deleted, and not yet committed
      }
    });
}

test('every file imports only what its room may know, is short, and leaves the environment alone', () => {
  const sources = listSources();
  expect(sources.length).toBeGreaterThan(50);
  expect(sources.flatMap((file) => [...importViolations(file), ...fileViolations(file)])).toEqual([]);
});

test('no file imports itself in a circle', () => {
  expect(findCycles(listSources())).toEqual([]);
});

test.each([
  ['packages/db/src/x.ts', "import { a } from '@evently/api/router';", 'db may not know @evently/api'],
  ['packages/db/src/x.ts', "import { a } from '../../api/src/router.ts';", 'other packages are imported by name'],
  ['packages/jobs/src/x.ts', "import { a } from '@evently/db/client';", 'jobs may take only types from @evently/db'],
  ['packages/api/src/x.ts', "import { a } from '@evently/sdk';", 'api may not know @evently/sdk'],
  ['packages/api/src/bookings/hold.ts', "import { TRPCError } from '@trpc/server';", 'the domain does not know tRPC'],
  ['packages/api/src/x.ts', "import { a } from '../../../apps/server/src/app.ts';", 'nothing imports an app'],
  ['packages/api/src/box-office/decide/x.ts', "import { sql } from 'kysely';", 'decisions are pure'],
  [
    'packages/sdk/src/x.ts',
    "import { appRouter } from '@evently/api/router';",
    'sdk may take only types from @evently/api',
  ],
  ['packages/sdk/src/x.ts', "import { readFile } from 'node:fs/promises';", 'the SDK runs in browsers, too'],
  ['packages/sdk/src/x.ts', "const { a } = await import('@evently/db/client');", 'sdk may not know @evently/db'],
])('in %s, %s is refused', (path, text, why) => {
  expect(importViolations({ path, text })).toEqual([expect.stringContaining(why)]);
});

test.each([
  ['packages/jobs/src/x.ts', "import type { Trx } from '@evently/db/client';"],
  ['packages/jobs/src/x.ts', "import { type Trx, type Db } from '@evently/db/client';"],
  ['packages/api/src/events/router.ts', "import { TRPCError } from '@trpc/server';"],
  ['packages/sdk/src/x.ts', "import type { Contract } from '@evently/api/contract';"],
  ['packages/api/src/box-office/decide/x.ts', "import type { Db } from '@evently/db/client';"],
])('in %s, %s is fine', (path, text) => {
  expect(importViolations({ path, text })).toEqual([]);
});

test('imports over several lines and re-exports are seen', () => {
  const text =
    "import {\n  a,\n  type B,\n} from './a.ts';\nexport { c } from './c.ts';\nexport type { D } from './d.ts';\nimport './e.ts';\n";
  expect(importsOf(text)).toEqual([
    { from: './a.ts', typeOnly: false },
    { from: './c.ts', typeOnly: false },
    { from: './d.ts', typeOnly: true },
    { from: './e.ts', typeOnly: false },
  ]);
});

test('a circle is found, and a circle of types is none', () => {
  const circle = (word: string) => [
    { path: 'p/a.ts', text: "import { b } from './b.ts';" },
    { path: 'p/b.ts', text: `import ${word}{ a } from './a.ts';` },
  ];
  expect(findCycles(circle(''))).toEqual(['p/a.ts → p/b.ts → p/a.ts']);
  expect(findCycles(circle('type '))).toEqual([]);
});

test('a file that is too long, or reads the environment, is named', () => {
  expect(fileViolations({ path: 'packages/api/src/x.ts', text: 'x\n'.repeat(301) })).toHaveLength(1);
  expect(fileViolations({ path: 'packages/api/src/x.ts', text: 'process.env.PORT' })).toHaveLength(1);
});
