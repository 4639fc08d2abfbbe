import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findSecret } from './secret.ts';

test('a secret is made once, for its owner alone to read, whoever starts at the same moment; a setting comes first', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-secret-'));
  const dataDir = path.join(folder, 'data');
  const found = await Promise.all(Array.from({ length: 5 }, () => findSecret({ secret: null, dataDir })));
  expect(new Set(found).size).toBe(1);
  expect(found[0]).toMatch(/^[\w-]{43}$/);
  expect(await findSecret({ secret: null, dataDir })).toBe(found[0]);
  expect((await stat(path.join(dataDir, 'secret'))).mode & 0o777).toBe(0o600);
  expect(await readdir(dataDir)).toEqual(['secret']);
  expect(await findSecret({ secret: 'given', dataDir })).toBe('given');
  await rm(folder, { recursive: true });
});
