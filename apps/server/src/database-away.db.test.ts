import { expect, test } from 'vitest';
import { startTestServer } from './testing.ts';

/** As many as the test server's pool has. */
const CONNECTIONS = 20;

test('when no connection to the database can be had, calls answer unavailable, and soon all is as before', async () => {
  await using server = await startTestServer();
  const { url, db } = server;
  const taken = await Promise.all(Array.from({ length: CONNECTIONS }, () => db.startTransaction().execute()));
  const login = () =>
    fetch(`${url}/trpc/auth.login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'ada@example.com', password: 'a long enough passphrase' }),
    });
  const [rest, trpc] = await Promise.all([fetch(`${url}/api/v1/events`), login()]);
  expect([rest.status, rest.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await rest.json()).toMatchObject({ code: 'unavailable', retryable: true });
  expect(trpc.status).toBe(503);
  expect(await trpc.json()).toMatchObject({ error: { json: { data: { problem: { code: 'unavailable' } } } } });
  await Promise.all(taken.map((transaction) => transaction.rollback().execute()));
  expect((await fetch(`${url}/api/v1/events`)).status).toBe(200);
  expect((await login()).status).toBe(401);
});
