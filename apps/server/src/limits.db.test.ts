import { createLimits } from '@evently/api/limits/limits';
import { afterEach, expect, test } from 'vitest';
import { createLog } from './log.ts';
import { startTestServer, type TestServer } from './testing.ts';

let server: TestServer;
afterEach(() => server[Symbol.asyncDispose]());

const QUARTER_HOUR_S = 900;
const PASSWORD = 'correct horse';

/** A server of its own for each test, so that each begins with nothing counted. */
async function open(calls: Partial<Parameters<typeof createLimits>[0]['calls']>, trustProxy: string[] | null = null) {
  const all = { general: 1000, booking: 1000, login: 1000, register: 1000, ...calls };
  server = await startTestServer(
    { trustProxy },
    createLimits({ calls: all, redis: null, log: createLog('silent', false) }),
  );
}

const send = (method: string, path: string, headers: Record<string, string> = {}, body?: object) =>
  fetch(`${server.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
const list = (headers = {}) => send('GET', '/api/v1/events', headers);
const statuses = async (answers: Promise<Response>[]) => (await Promise.all(answers)).map(({ status }) => status);
const register = async (name: string) => {
  const answer = await send(
    'POST',
    '/api/v1/auth/register',
    {},
    { email: `${name}@example.com`, password: PASSWORD, name },
  );
  const { token } = (await answer.json()) as { token?: string };
  return { status: answer.status, authorization: `Bearer ${token}` };
};

test('who has called too often is told when to come again, whichever way they call; health is free', async () => {
  await open({ general: 5 });
  expect(await statuses([list(), list(), list()])).toEqual([200, 200, 200]);
  const input = encodeURIComponent(JSON.stringify({ 0: {}, 1: {}, 2: {} }));
  // Each call of a batch counts for itself: two are left.
  const batch = await send('GET', `/trpc/events.list,events.list,events.list?batch=1&input=${input}`);
  const parts = (await batch.json()) as {
    result?: object;
    error?: { json: { data: { problem: { code: string } } } };
  }[];
  expect(parts.map(({ error }) => error?.json.data.problem.code ?? 'ok')).toEqual(['ok', 'ok', 'too_many_requests']);
  const refused = [
    await list(),
    await send('GET', '/trpc/events.list?input={}'),
    await send('GET', '/trpc/events.list'),
  ];
  refused.push(await send('GET', '/api/v1/auth/me', { authorization: `Bearer evo_${'x'.repeat(43)}` }));
  for (const answer of refused) {
    expect(answer.status).toBe(429);
    const seconds = Number(answer.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(QUARTER_HOUR_S);
    expect(await answer.text()).toContain('"too_many_requests"');
  }
  expect((await send('GET', '/health')).status).toBe(200);
});

test('who is signed in is counted apart from those at the same address', async () => {
  await open({ general: 4 });
  const ada = await register('ada');
  const bo = await register('bo');
  const me = ({ authorization }: { authorization: string }) => send('GET', '/api/v1/auth/me', { authorization });
  expect(await statuses([me(ada), me(ada), me(ada), me(ada)])).toEqual([200, 200, 200, 200]);
  expect((await me(ada)).status).toBe(429);
  expect((await me(bo)).status).toBe(200);
  // Two calls of the address went into the accounts.
  expect(await statuses([list(), list()])).toEqual([200, 200]);
  expect((await list()).status).toBe(429);
});

test('bookings, new accounts and failed sign-ins have limits of their own', async () => {
  await open({ booking: 2, register: 2, login: 2 });
  const ada = await register('ada');
  const { authorization } = ada;
  const hold = () => send('POST', '/api/v1/bookings/hold', { authorization }, {});
  expect([(await hold()).status, (await hold()).status, (await hold()).status]).toEqual([400, 400, 429]);
  expect((await send('GET', '/api/v1/bookings', { authorization })).status).toBe(200);

  expect([ada.status, (await register('bo')).status, (await register('cy')).status]).toEqual([201, 201, 429]);

  const login = async (email: string, password: string) =>
    (await send('POST', '/api/v1/auth/login', {}, { email, password })).status;
  for (const email of ['ada@example.com', 'nobody@example.com']) {
    const tries = [await login(email, 'wrong'), await login(email, 'wrong'), await login(email, PASSWORD)];
    expect(tries).toEqual([401, 401, 429]);
  }
  expect(await login('bo@example.com', PASSWORD)).toBe(200);
});

test('an address that a stranger makes up is not believed; that of a trusted proxy is', async () => {
  await open({ general: 2 });
  const from = (address: string) => list({ 'x-forwarded-for': address });
  expect(await statuses([from('203.0.113.1'), from('203.0.113.2')])).toEqual([200, 200]);
  expect((await from('203.0.113.3')).status).toBe(429);
  await server[Symbol.asyncDispose]();

  await open({ general: 2 }, ['loopback']);
  expect(await statuses([from('203.0.113.1'), from('203.0.113.1')])).toEqual([200, 200]);
  // What the client put before its own address, which the proxy adds, changes nothing.
  expect((await from('198.51.100.9, 203.0.113.1')).status).toBe(429);
  expect((await from('203.0.113.2')).status).toBe(200);
});
