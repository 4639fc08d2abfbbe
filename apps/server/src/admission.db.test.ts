import net from 'node:net';
import { createScriptContext } from '@evently/api/context';
import { createCaller } from '@evently/api/router';
import { lockInventory } from '@evently/api/shows/inventory-lock';
import { createTestShow, newKey, standing, type TestShow } from '@evently/api/testing';
import { newId } from '@evently/db/ids';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { classify } from './admission.ts';
import { startTestServer, type TestServer } from './testing.ts';

let server: TestServer;
let show: TestShow;
let token: string;

beforeAll(async () => {
  server = await startTestServer({ mostUnderWay: { browse: 2, other: 3, hold: 4, confirm: 6 } });
  const admin = { userId: newId(), email: 'ada@example.com', name: 'Ada', role: 'admin' as const };
  show = await createTestShow(createCaller(createScriptContext(server.services, admin)), [standing(1000)], {
    maxPerBooking: 50,
  });
  const account = { email: 'bo@example.com', password: 'correct horse', name: 'Bo' };
  token = ((await (await send('POST', '/api/v1/auth/register', account)).json()) as { token: string }).token;
});
afterAll(() => server[Symbol.asyncDispose]());

const send = (method: string, path: string, body?: object) =>
  fetch(`${server.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
const wish = () => ({
  showId: show.showId,
  sections: [{ sectionId: show.sectionIds[0]!, quantity: 1 }],
  idempotencyKey: newKey(),
});
const hold = () => send('POST', '/trpc/bookings.hold', wish());
const list = () => send('GET', '/api/v1/bookings');
const problemOf = async (answer: Response) => {
  const body = (await answer.json()) as { code?: string; error?: { json: { data: { problem: { code: string } } } } };
  return body.code ?? body.error?.json.data.problem.code;
};

/** Has so many holds wait for the show's lock while `work` is done. */
async function whileWaiting(holds: number, work: () => Promise<void>): Promise<Response[]> {
  let waiting: Promise<Response>[] = [];
  await server.db.transaction().execute(async (trx) => {
    await lockInventory(trx, show.showId);
    waiting = Array.from({ length: holds }, hold);
    await vi.waitUntil(async () => (await list()).status === 503, { timeout: 2000, interval: 5 });
    await work();
  });
  return await Promise.all(waiting);
}

test('a saturated server refuses who looks before who buys, and who buys before who pays; health goes on', async () => {
  const kept = `/api/v1/shows/${show.showId}`;
  await send('GET', kept);
  const served = await whileWaiting(4, async () => {
    const refused = [await list(), await send('POST', '/api/v1/bookings/hold', wish()), await hold()];
    for (const answer of refused) {
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
      expect(answer.headers.get('x-request-id')).toMatch(/^[\w-]+$/);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(await problemOf(answer)).toBe('overloaded');
    }
    expect((await send('POST', `/api/v1/bookings/${newId()}/confirm`, {})).status).toBe(404);
    expect((await send('GET', kept)).status).toBe(200);
    expect((await send('GET', '/health/ready')).status).toBe(200);
  });
  // Whoever was let in is served.
  expect(served.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect((await list()).status).toBe(200);
});

test('who looks at something that has to be read first is refused, too, and let in again afterwards', async () => {
  const unread = `/api/v1/events?q=${newKey()}`;
  await whileWaiting(3, async () => {
    expect((await send('GET', unread)).status).toBe(503);
  });
  expect((await send('GET', unread)).status).toBe(200);
});

test('who sends half a request, or hangs up before the answer, takes nobody a place', async () => {
  const { port } = new URL(server.url);
  const open = (text: string) => {
    const socket = net.connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(text);
    return socket;
  };
  const body = JSON.stringify(wish());
  const head = `POST /trpc/bookings.hold HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer ${token}\r\ncontent-length: ${body.length}\r\n\r\n`;
  const slow = Array.from({ length: 20 }, () => open(head + body.slice(0, 10)));
  await whileWaiting(4, async () => {
    for (const socket of Array.from({ length: 20 }, () => open(head + body))) socket.destroy();
  });
  await vi.waitUntil(async () => (await list()).status === 200, { timeout: 5000, interval: 10 });
  const answer = await hold();
  for (const socket of slow) socket.destroy();
  expect(answer.status).toBe(200);
});

test.each([
  ['POST', '/trpc/bookings.hold', 'hold'],
  ['POST', '/trpc/bookings.book', 'hold'],
  ['POST', '/api/v1/bookings', 'hold'],
  ['POST', '/api/v1/bookings/hold', 'hold'],
  ['POST', '/trpc/bookings.confirm', 'confirm'],
  ['POST', '/api/v1/bookings/x/confirm', 'confirm'],
  ['POST', '/api/v1/bookings/x/cancel', 'other'],
  ['POST', '/trpc/bookings.holdings', 'other'],
  ['POST', '/trpc/auth.login', 'other'],
  ['GET', '/trpc/events.list?input={}', 'browse'],
  ['HEAD', '/api/v1/events', 'browse'],
  ['OPTIONS', '/api/v1/bookings', null],
  ['GET', '/health', null],
  ['GET', '/metrics', null],
  ['GET', '/docs', null],
])('%s %s is asked for by who wants to %s', (method, url, call) => {
  expect(classify(method, url)).toBe(call);
});
