import { ensureFirstAdmin } from '@evently/api/auth/first-admin';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seedSamples } from './office.ts';
import { cleanUpProcesses, type Environment, repository, spawnNode } from './test-process.ts';
import { startTestServer, type TestServer } from './testing.ts';

/** The examples run as their comments say, against the sample events. */
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  await ensureFirstAdmin(server.db, server.services.passwords, {
    email: null,
    password: 'correct horse battery staple',
  });
  await seedSamples(server.services, () => undefined);
});
afterAll(async () => {
  await cleanUpProcesses();
  await server[Symbol.asyncDispose]();
});

const run = (example: string, env: Environment) => spawnNode([`examples/${example}`], env, repository).ended;

test('buy-a-ticket.ts registers, finds a free place and books it', async () => {
  const { code, stdout, stderr } = await run('buy-a-ticket.ts', { EVENTLY_URL: server.url });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [, reference, name] = /^(\S+): (.+), [^,]+\n$/.exec(stdout) ?? [];
  const bookings = await server.db
    .selectFrom('bookings')
    .innerJoin('events', 'events.id', 'bookings.event_id')
    .select(['reference', 'events.name', 'bookings.status', 'quantity'])
    .execute();
  expect(bookings).toEqual([{ reference, name, status: 'confirmed', quantity: 1 }]);
});

test('list-sales.ts tells of each show to come how it sells', async () => {
  const { code, stdout, stderr } = await run('list-sales.ts', { DATABASE_URL: server.databaseUrl });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trim().split('\n');
  const { count } = await server.db
    .selectFrom('shows')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  expect(lines).toHaveLength(count);
  for (const line of lines) expect(line).toMatch(/^\d+\/\d+ {2}.+, .+, \d\d\/\d\d\/\d{4}, \d\d:\d\d:\d\d$/);
  // What the other example bought is in it.
  const taken = lines.reduce((sum, line) => sum + Number(line.split('/')[0]), 0);
  const bookings = await server.db.selectFrom('bookings').select('quantity').execute();
  expect(taken).toBe(bookings.reduce((sum, { quantity }) => sum + quantity, 0));
});

test('an example that cannot do its work fails with a sentence', async () => {
  const { code, stderr } = await run('list-sales.ts', {
    DATABASE_URL: server.databaseUrl,
    ADMIN_EMAIL: 'x@example.com',
  });
  expect(code).toBe(1);
  expect(stderr).toContain('There is no account x@example.com.');
});
