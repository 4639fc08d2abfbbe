import { insertUser } from '@evently/api/auth/accounts';
import { createScriptContext } from '@evently/api/context';
import { createCaller } from '@evently/api/router';
import { createServices } from '@evently/api/services';
import { createTestShow, seated, standing } from '@evently/api/testing';
import { newId } from '@evently/db/ids';
import type { Role } from '@evently/db/schema';
import { createTestDatabase } from '@evently/db/testing';
import { listQueueLengths } from '@evently/jobs/queue-lengths';
import { openJobQueues } from '@evently/jobs/queues';
import { createEvently, isProblem } from '@evently/sdk';
import { expect, test } from 'vitest';
import { buildApp } from '../app.ts';
import { createLog } from '../log.ts';
import { createMetrics } from './create-metrics.ts';
import { countConnections, registerMetrics } from './register-metrics.ts';
import { readScrape } from './testing-text.ts';

test('a server that sells and refuses says so: what, how often, of which category and how fast', async () => {
  await using opened = new AsyncDisposableStack();
  const { db, url: databaseUrl } = opened.use(await createTestDatabase(5));
  const queues = await openJobQueues({ url: databaseUrl, poolSize: 1, works: false, onError: () => undefined });
  opened.defer(() => queues.stop(1000));
  const log = createLog('silent', false);
  const metrics = createMetrics('alone');
  const services = createServices({ db, queues, log, metrics: metrics.record });
  opened.defer(() => services.boxOffice.drain());
  const app = await buildApp(services, { publicUrl: 'http://localhost', corsOrigins: null, log });
  opened.defer(() => app.close());
  metrics.watch({
    pools: { requests: db },
    countConnections: countConnections(app),
    listQueueLengths: () => listQueueLengths(queues),
  });
  registerMetrics(app, metrics, 0);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });

  const account = async (role: Role) => {
    const user = { email: `${newId()}@example.com`, name: 'Ada', passwordHash: '-', role, createdAt: new Date() };
    return await insertUser(db, user);
  };
  const { id: userId, ...admin } = await account('admin');
  // Beside the server, so that none of this is counted.
  const elsewhere = createServices({ db, queues, log });
  const office = createCaller(createScriptContext(elsewhere, { userId, ...admin }));
  const { showId, seatIds, sectionIds } = await createTestShow(office, [seated(1, 10), standing(100)]);
  const { token } = await services.sessions.create(db, await account('user'));
  const buyer = createEvently({ url, token, retries: 0 });
  const refusal = (error: unknown) => (isProblem(error) ? error.problem.code : String(error));

  const floor = { sectionId: sectionIds[1]! };
  const booked = await buyer.bookings.book({ showId, seatIds: seatIds.slice(0, 2) });
  const held = await buyer.bookings.hold({ showId, sections: [{ ...floor, quantity: 3 }] });
  await buyer.bookings.confirm({ bookingId: held.id });
  const released = await buyer.bookings.hold({ showId, sections: [{ ...floor, quantity: 1 }] });
  await buyer.bookings.release({ bookingId: released.id });
  await buyer.bookings.cancel({ bookingId: booked.id });
  await buyer.bookings.book({ showId, seatIds: [seatIds[3]!] });
  const refused = [
    buyer.bookings.book({ showId, seatIds: [seatIds[3]!] }),
    buyer.bookings.get({ bookingId: newId() }),
    createEvently({ url, retries: 0 }).bookings.list({}),
  ];
  expect(await Promise.all(refused.map((call) => call.catch(refusal)))).toEqual([
    ...['seat_taken', 'not_found', 'unauthenticated'],
  ]);
  const nonsense = await fetch(`${url}/trpc/made.up`);
  expect(nonsense.status).toBe(404);

  // Nobody is late with what is not due.
  await queues.boss.send('refresh-listings', { eventIds: [newId()] }, { startAfter: 3600 });

  const answer = await fetch(`${url}/metrics`);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const { value, seriesOf } = readScrape(await answer.text());
  const bookings = (outcome: string) => value(`evently_bookings_total{outcome="${outcome}",category="concert"}`);
  expect(['booked', 'held', 'confirmed', 'released', 'cancelled', 'expired'].map(bookings)).toEqual([
    ...[2, 2, 1, 1, 1, undefined],
  ]);
  expect(value('evently_tickets_sold_total{category="concert"}')).toBe(2 + 3 + 1);
  expect(seriesOf('evently_refusals_total').toSorted()).toEqual([
    'evently_refusals_total{problem="not_found",procedure="bookings.get"}',
    'evently_refusals_total{problem="seat_taken",procedure="bookings.book"}',
    'evently_refusals_total{problem="unauthenticated",procedure="bookings.list"}',
  ]);
  for (const series of seriesOf('evently_refusals_total')) expect(value(series)).toBe(1);
  const calls = (procedure: string, kind: string) =>
    value(`evently_call_duration_seconds_count{procedure="${procedure}",answer="${kind}"}`);
  expect([calls('bookings.book', 'ok'), calls('bookings.book', 'refused'), calls('bookings.hold', 'ok')]).toEqual([
    ...[2, 1, 2],
  ]);
  // Each of the changes, and the refused one that the box office had to look at.
  const batched = value('evently_batch_requests_sum');
  expect(batched).toBeGreaterThanOrEqual(7);
  expect(value('evently_batch_duration_seconds_count')).toBe(value('evently_batch_requests_count'));
  expect(value('evently_batch_duration_seconds_sum')).toBeGreaterThan(0);
  expect(value('evently_database_connections_limit{pool="requests"}')).toBe(5);
  expect(value('evently_database_connections{pool="requests",state="idle"}')).toBeGreaterThan(0);
  expect(value('evently_http_connections')).toBeGreaterThan(0);
  // Two were booked, one was held and confirmed.
  expect(value('evently_jobs_waiting{job="send-confirmations"}')).toBe(3);
  expect(value('evently_jobs_longest_wait_seconds{job="send-confirmations"}')).toBeGreaterThan(0);
  expect(value('evently_jobs_waiting{job="refresh-listings"}')).toBe(0);
});
