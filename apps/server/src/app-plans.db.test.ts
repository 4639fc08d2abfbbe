import { listProcedures } from '@evently/api/procedures';
import { newId } from '@evently/db/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './testing.ts';

const KIB = 1024;
let server: TestServer;
let token: string;

beforeAll(async () => {
  server = await startTestServer();
  const account = { email: 'ada@example.com', password: 'correct horse battery staple', name: 'Ada' };
  const registered = (await (await post('/api/v1/auth/register', account)).json()) as { token: string };
  token = registered.token;
  await server.db.updateTable('users').set({ role: 'admin' }).execute();
});
afterAll(() => server[Symbol.asyncDispose]());

const post = (path: string, body: object | string, method = 'POST') =>
  fetch(server.url + path, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** 20,000 seats, each with its place on the plan, as a drawing program exports them. */
function arena(name: string) {
  const rows = Array.from({ length: 20 }, (_, row) => ({
    row: String(row + 1),
    seats: Array.from({ length: 1000 }, (_, seat) => ({ number: String(seat + 1), x: seat + 0.25, y: row * 2.5 })),
  }));
  return {
    name,
    city: 'Vienna',
    country: 'AT',
    timeZone: 'Europe/Vienna',
    sections: [{ name: 'Bowl', kind: 'seated', rows }],
  };
}

interface Venue {
  id: string;
  version: number;
  sections: { id: string; capacity: number }[];
}

async function expectWholePlan(venue: Venue): Promise<void> {
  expect(venue.sections.map(({ capacity }) => capacity)).toEqual([20_000]);
  const seats = server.db.selectFrom('venue_seats').where('section_id', '=', venue.sections[0]!.id);
  const { count } = await seats.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
  const last = await seats.select(['row_label', 'number', 'x', 'y']).where('position', '=', 19_999).executeTakeFirst();
  expect([count, last]).toEqual([20_000, { row_label: '20', number: '1000', x: 999.25, y: 47.5 }]);
}

describe('the plan of a large hall', () => {
  test('is read over REST', async () => {
    const plan = JSON.stringify(arena('Arena over REST'));
    expect(plan.length).toBeGreaterThan(10 * 64 * KIB);
    const response = await post('/api/v1/admin/venues', plan);
    expect(response.status).toBe(201);
    const venue = (await response.json()) as Venue;
    await expectWholePlan(venue);
    const { sections } = arena('');
    const updated = await post(`/api/v1/admin/venues/${venue.id}`, { version: venue.version, sections }, 'PATCH');
    expect(updated.status).toBe(200);
    await expectWholePlan((await updated.json()) as Venue);
  });

  test('is read over tRPC', async () => {
    const response = await post('/trpc/admin.venues.create', arena('Arena over tRPC'));
    expect(response.status).toBe(200);
    const { result } = (await response.json()) as { result: { data: { json: Venue } } };
    await expectWholePlan(result.data.json);
  });

  test('has its limits, too', async () => {
    const tooLarge = ' '.repeat(8 * KIB * KIB + 1);
    expect((await post('/api/v1/admin/venues', tooLarge)).status).toBe(413);
    expect((await post('/trpc/admin.venues.create', tooLarge)).status).toBe(413);
  });
});

const READS_PLANS = ['admin.venues.create', 'admin.venues.update'];
const others = listProcedures().filter(({ path, type }) => type === 'mutation' && !READS_PLANS.includes(path));

test.each(others)('$path reads no more than 64 KiB, over REST and over tRPC', async ({ path, meta }) => {
  const { method = '', path: template = '' } = meta.openapi ?? {};
  const rest = `/api/v1${template.replaceAll(/\{\w+\}/g, newId())}`;
  const body = '{}'.padEnd(64 * KIB);
  expect((await post(rest, body, method)).status).not.toBe(413);
  const refused = await post(rest, `${body} `, method);
  expect([refused.status, refused.headers.get('content-type')]).toEqual([413, expect.stringMatching(/problem\+json/)]);
  expect(await refused.json()).toMatchObject({ code: 'invalid_input', status: 413 });

  const overTrpc = await post(`/trpc/${path}`, `${body} `);
  expect(overTrpc.status).toBe(413);
  const { error } = (await overTrpc.json()) as { error: { json: object } };
  expect(error.json).toMatchObject({ data: { httpStatus: 413, problem: { code: 'invalid_input', status: 413 } } });
});

test('a batch does not smuggle a large body past the limit, not even with a plan in it', async () => {
  const body = '{}'.padEnd(64 * KIB + 1);
  for (const path of ['admin.venues.create,admin.venues.create', 'events.list,admin.venues.create', 'nowhere']) {
    expect((await post(`/trpc/${path}?batch=1`, body)).status, path).toBe(413);
  }
});
