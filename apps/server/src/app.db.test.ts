import { createScriptContext } from '@evently/api/context';
import { listProcedures } from '@evently/api/procedures';
import { createCaller } from '@evently/api/router';
import { lockInventory } from '@evently/api/shows/inventory-lock';
import { createTestShow, standing } from '@evently/api/testing';
import { newId } from '@evently/db/ids';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildApp } from './app.ts';
import { createLog } from './log.ts';
import { startTestServer, type TestServer } from './testing.ts';

let server: TestServer;
let token: string;
let userId: string;

beforeAll(async () => {
  server = await startTestServer();
  const account = { email: 'ada@example.com', password: 'correct horse battery staple', name: 'Ada' };
  const registered = await post('/api/v1/auth/register', account);
  ({
    token,
    user: { id: userId },
  } = (await registered.json()) as { token: string; user: { id: string } });
  await server.db.updateTable('users').set({ role: 'admin' }).where('id', '=', userId).execute();
});
afterAll(() => server[Symbol.asyncDispose]());

const authorized = () => ({ authorization: `Bearer ${token}` });
const ask = (path: string, init?: RequestInit) => fetch(server.url + path, init);
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** Another door to the same office. */
async function openDoor(settings: { corsOrigins?: string[]; isStopping?: () => boolean }): Promise<FastifyInstance> {
  const log = createLog('silent', false);
  return await buildApp(server.services, { publicUrl: 'http://localhost', corsOrigins: null, log, ...settings });
}

/** Something of each kind that is answered: data, refusals of every sort, pages. */
const PLACES = ['/api/v1/events', '/trpc/events.list?input=%7B%7D', '/openapi.json', '/health', '/docs/', '/nowhere'];
const REFUSED = ['/api/v1/nowhere', '/api/v1/auth/me', '/trpc/auth.me', '/api/v1/%ff', '/trpc/%ff', '/nowhere'];

describe('headers', () => {
  test.each(PLACES)('%s: nothing may embed it, guess its type or learn what serves it', async (place) => {
    const { headers } = await ask(place);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBeNull();
    expect(headers.get('set-cookie')).toBeNull();
    if (place !== '/docs/') expect(policy).toMatch(/^default-src 'none';/);
  });

  test('the reference loads nothing from elsewhere, and has no button that calls elsewhere', async () => {
    const response = await ask('/docs');
    const page = await response.text();
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'self';/);
    expect(policy).not.toMatch(/unsafe-eval|https?:|\*/);
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).toContain('<title>Evently API</title>');
    const settings: unknown = JSON.parse(/createApiReference\('#app', (\{.*\})\)/s.exec(page)?.[1] ?? '');
    expect(settings).toMatchObject({
      url: '/openapi.json',
      agent: { disabled: true },
      mcp: { disabled: true },
      showDeveloperTools: 'never',
      telemetry: false,
      withDefaultFonts: false,
    });
    const script = await ask(`/docs/${/src="(js\/[^"]+)"/.exec(page)?.[1]}`);
    expect([script.status, script.headers.get('content-type')]).toEqual([200, expect.stringMatching(/javascript/)]);
  });
});

describe('other sites', () => {
  const preflight = (app: FastifyInstance, origin: string) =>
    app.inject({
      method: 'OPTIONS',
      url: '/api/v1/bookings',
      headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'authorization' },
    });

  test('any origin may call by default, with every method and header of ours, never with credentials', async () => {
    const { statusCode, headers } = await preflight(server.app, 'https://shop.example.com');
    expect(statusCode).toBe(204);
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-allow-headers']).toBe('authorization');
    expect(String(headers['access-control-allow-methods']).split(', ')).toEqual([
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
    ]);
    expect(headers['access-control-allow-credentials']).toBeUndefined();
    const answer = await ask('/api/v1/events', { headers: { origin: 'https://shop.example.com' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('access-control-expose-headers')).toBe('x-request-id, retry-after');
  });

  test('with a list, only those that are on it', async () => {
    await using app = await openDoor({ corsOrigins: ['https://shop.example.com', 'https://door.example.com'] });
    const allowed = async (origin: string) => (await preflight(app, origin)).headers['access-control-allow-origin'];
    expect(await allowed('https://door.example.com')).toBe('https://door.example.com');
    expect(await allowed('https://shop.example.com')).toBe('https://shop.example.com');
    for (const stranger of [
      'https://evil.example.com',
      'http://shop.example.com',
      'https://shop.example.com.evil.org',
    ]) {
      expect(await allowed(stranger)).toBeUndefined();
    }
  });
});

describe('request ids', () => {
  test('one that is harmless in a log is kept, any other is replaced', async () => {
    const idFor = async (brought: string) =>
      (await ask('/api/v1/events', { headers: { 'x-request-id': brought } })).headers.get('x-request-id');
    for (const harmless of ['a', 'order-42_B', newId(), 'x'.repeat(64)]) expect(await idFor(harmless)).toBe(harmless);
    const fresh = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    for (const harmful of ['', 'x'.repeat(65), 'a b', '{"level":60}', 'ä', '../etc', 'a,b']) {
      expect(await idFor(harmful)).toMatch(fresh);
    }
    expect(await idFor('a b')).not.toBe(await idFor('a b'));
  });

  test.each(REFUSED)('%s: the refusal names its request', async (place) => {
    const response = await ask(place, { headers: { 'x-request-id': 'mine' } });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers.get('x-request-id')).toBe('mine');
    const body = (await response.json()) as { requestId: string; error: { json: { data: { requestId: string } } } };
    expect(body.requestId ?? body.error.json.data.requestId).toBe('mine');
  });
});

describe('what is not there', () => {
  const unknown: [string, string][] = [
    ['GET', '/'],
    ['GET', '/nowhere'],
    ['GET', '/api/v1'],
    ['GET', '/api/v2/events'],
    ['POST', '/api/v1/nowhere'],
    ['DELETE', '/api/v1/events'],
    ['POST', '/api/v1/auth/me'],
    ['PROPFIND', '/api/v1/events'],
    ['PATCH', '/health'],
    ['POST', '/openapi.json'],
  ];
  test.each(unknown)('%s %s is a 404 as problem+json', async (method, path) => {
    const response = await ask(path, { method });
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await response.json()).toEqual({
      type: 'urn:evently:problem:not_found',
      title: 'There is no such thing',
      status: 404,
      detail: 'There is no such thing.',
      code: 'not_found',
      retryable: false,
      requestId: response.headers.get('x-request-id'),
    });
  });

  test.each([
    ['GET', '/trpc/nowhere'],
    ['GET', '/trpc/events.list/more'],
    ['DELETE', '/trpc/events.list'],
  ])('%s %s is a 404 in the shape of tRPC', async (method, path) => {
    const response = await ask(path, { method });
    expect(response.status).toBe(404);
    const { error } = (await response.json()) as { error: { json: object } };
    expect(error.json).toMatchObject({ data: { httpStatus: 404, problem: { code: 'not_found', status: 404 } } });
  });
});

test('HEAD answers as GET does, without a body, on every route that GET has, and does nothing else', async () => {
  const queries = listProcedures().filter(({ type }) => type === 'query');
  const paths = queries.map(({ meta }) => `/api/v1${meta.openapi!.path.replaceAll(/\{\w+\}/g, newId())}`);
  for (const path of [...paths, '/health', '/health/live', '/health/ready', '/openapi.json', '/docs/']) {
    const [got, head] = await Promise.all(
      ['GET', 'HEAD'].map((method) => ask(path, { method, headers: authorized() })),
    );
    expect([path, head!.status, await head!.text()]).toEqual([path, got!.status, '']);
    expect(head!.headers.get('content-type'), path).toBe(got!.headers.get('content-type'));
  }
  for (const path of ['/api/v1/auth/logout', '/trpc/auth.logout', '/trpc/events.list']) {
    expect((await ask(path, { method: 'HEAD', headers: authorized() })).status, path).toBe(404);
  }
  expect((await ask('/api/v1/auth/me', { headers: authorized() })).status).toBe(200);
});

test('who is told to come back is told when, over REST and over tRPC', async () => {
  const actor = { userId, email: 'ada@example.com', name: 'Ada', role: 'admin' as const };
  const { showId, sectionIds } = await createTestShow(createCaller(createScriptContext(server.services, actor)), [
    standing(10),
  ]);
  const request = () => ({ showId, sections: [{ sectionId: sectionIds[0], quantity: 1 }], idempotencyKey: newId() });
  // While somebody else keeps the show's row, the box office gives up and says so.
  const answers = await server.db.transaction().execute(async (trx) => {
    // A busy machine may take longer than an idle transaction may last.
    await sql`SET LOCAL idle_in_transaction_session_timeout = 0`.execute(trx);
    await lockInventory(trx, showId);
    return await Promise.all([
      post('/api/v1/bookings', request(), authorized()),
      post('/trpc/bookings.book', request(), authorized()),
      post('/trpc/bookings.book,bookings.book?batch=1', { 0: request(), 1: request() }, authorized()),
    ]);
  });
  for (const [index, answer] of answers.entries()) {
    expect([answer.status, answer.headers.get('retry-after')], `answer ${index}`).toEqual([503, '1']);
  }
  expect(await answers[0]!.json()).toMatchObject({ code: 'overloaded', retryAfterMs: 500, retryable: true });
});

test('while it stops, it turns new requests away in their own shape, except questions after its health', async () => {
  await using app = await openDoor({ isStopping: () => true });
  const rest = await app.inject('/api/v1/events');
  expect([rest.statusCode, rest.headers['retry-after'], rest.headers.connection]).toEqual([503, '1', 'close']);
  expect(rest.json()).toMatchObject({ code: 'unavailable', retryAfterMs: 1000, retryable: true });
  const trpc = await app.inject('/trpc/events.list?input=%7B%7D');
  expect([trpc.statusCode, trpc.headers['retry-after']]).toEqual([503, '1']);
  expect(trpc.json().error.json.data).toMatchObject({ httpStatus: 503, problem: { code: 'unavailable' } });
  expect((await app.inject('/health/live')).statusCode).toBe(200);
});
