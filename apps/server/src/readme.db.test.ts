import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { insertUser } from '@evently/api/auth/accounts';
import { createScriptContext } from '@evently/api/context';
import { createCaller } from '@evently/api/router';
import { seedSampleData } from '@evently/api/sample-data/seed';
import { expect, test } from 'vitest';
import { startTestServer } from './testing.ts';

const run = promisify(execFile);
const readme = await readFile(path.resolve(import.meta.dirname, '../../../README.md'), 'utf8');

test("the README's example buys a ticket", async () => {
  await using server = await startTestServer();
  const account = { email: 'admin@example.com', name: 'Admin', passwordHash: '-', role: 'admin' as const };
  const { id: userId, ...admin } = await insertUser(server.db, { ...account, createdAt: new Date() });
  const caller = createCaller(createScriptContext(server.services, { userId, ...admin }));
  await seedSampleData(caller, { now: new Date() });
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  expect(example.split('\n').length).toBeLessThan(15);
  const here = example.replaceAll('http://localhost:3000', server.url);
  // Evaluated from this package, which knows the SDK by name.
  const args = ['--input-type=module-typescript', '--eval', here];
  const { stdout } = await run(process.execPath, args, { cwd: path.resolve(import.meta.dirname, '..') });
  expect(stdout).toMatch(/^[0-9A-Z]{5}-[0-9A-Z]{5} \[/);
  const { items } = await caller.admin.bookings.list({ status: 'confirmed' });
  expect(items).toMatchObject([{ quantity: 2, status: 'confirmed' }]);
});

test('the table of settings names every setting that is read, and .env.example does, too', async () => {
  const example = await readFile(path.resolve(import.meta.dirname, '../../../.env.example'), 'utf8');
  const asked = new Set<string>();
  const source = await readFile(path.resolve(import.meta.dirname, 'settings.ts'), 'utf8');
  for (const [, name] of source.matchAll(/^ {2}([A-Z_]+):/gm)) if (name) asked.add(name);
  expect(asked.size).toBeGreaterThan(10);
  for (const name of asked) {
    expect(readme, `README.md lacks ${name}`).toContain(`\`${name}\``);
    expect(example, `.env.example lacks ${name}`).toContain(`${name}=`);
  }
});
