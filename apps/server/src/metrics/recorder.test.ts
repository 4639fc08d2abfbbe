import type { Handlers } from '@evently/jobs/worker';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { createMetrics } from './create-metrics.ts';
import { measureJobs } from './measure-jobs.ts';
import { registerMetrics } from './register-metrics.ts';
import { readScrape } from './testing-text.ts';

const scrape = async (metrics: ReturnType<typeof createMetrics>) => readScrape(await metrics.print());

test('what is told is counted: calls with their time and problem, sales, batches, locks, caches, jobs', async () => {
  const metrics = createMetrics('alone');
  const { record } = metrics;
  record.answered('bookings.book', 4, null);
  record.answered('bookings.book', 30, 'sold_out');
  record.answered('bookings.book', 30, 'sold_out');
  record.answered('bookings.book', 7000, 'unavailable');
  record.bookings('booked', 'jazz', 3);
  record.ticketsSold('jazz', 7);
  record.batch(32, 4);
  record.batch(1, 900);
  record.seatLock('refused');
  record.cacheRead('listings', true);
  record.cacheRead('listings', false);
  record.shed('browse');
  record.waitingRoom('queued');
  record.catalogueRead('replica');
  record.job('sweep-holds', 20, true);

  const { value } = await scrape(metrics);
  const calls = 'evently_call_duration_seconds';
  expect(value(`${calls}_count{procedure="bookings.book",answer="ok"}`)).toBe(1);
  expect(value(`${calls}_sum{procedure="bookings.book",answer="ok"}`)).toBe(0.004);
  expect(value(`${calls}_bucket{procedure="bookings.book",answer="refused",le="0.025"}`)).toBe(0);
  expect(value(`${calls}_bucket{procedure="bookings.book",answer="refused",le="0.05"}`)).toBe(2);
  expect(value(`${calls}_bucket{procedure="bookings.book",answer="failed",le="5"}`)).toBe(0);
  expect(value(`${calls}_count{procedure="bookings.book",answer="failed"}`)).toBe(1);
  expect(value('evently_refusals_total{procedure="bookings.book",problem="sold_out"}')).toBe(2);
  expect(value('evently_bookings_total{outcome="booked",category="jazz"}')).toBe(3);
  expect(value('evently_tickets_sold_total{category="jazz"}')).toBe(7);
  expect(value('evently_batch_requests_bucket{le="16"}')).toBe(1);
  expect(value('evently_batch_requests_sum')).toBe(33);
  expect(value('evently_batch_duration_seconds_sum')).toBe(0.904);
  expect(value('evently_seat_locks_total{outcome="refused"}')).toBe(1);
  expect(value('evently_cache_reads_total{cache="listings",result="hit"}')).toBe(1);
  expect(value('evently_cache_reads_total{cache="listings",result="miss"}')).toBe(1);
  expect(value('evently_shed_calls_total{call="browse"}')).toBe(1);
  expect(value('evently_waiting_room_answers_total{answer="queued"}')).toBe(1);
  expect(value('evently_catalogue_reads_total{from="replica"}')).toBe(1);
  expect(value('evently_job_duration_seconds_count{job="sweep-holds",outcome="done"}')).toBe(1);
});

test('names that callers and organisers make up do not make series without end', async () => {
  const metrics = createMetrics('alone');
  for (let i = 0; i < 500; i += 1) {
    metrics.record.answered(`made.up.${i}`, 1, 'not_found');
    metrics.record.bookings('booked', `category ${i}`, 1);
    metrics.record.ticketsSold(`category ${i}`, 1);
    metrics.record.cacheRead(`cache ${i}`, true);
  }
  const { value, seriesOf } = await scrape(metrics);
  expect(seriesOf('evently_refusals_total')).toHaveLength(1);
  expect(value('evently_refusals_total{procedure="other",problem="not_found"}')).toBe(500);
  expect(seriesOf('evently_bookings_total').length).toBeLessThan(50);
  expect(value('evently_bookings_total{outcome="booked",category="other"}')).toBeGreaterThan(450);
  expect(seriesOf('evently_tickets_sold_total').length).toBeLessThan(50);
  expect(seriesOf('evently_cache_reads_total').length).toBeLessThan(50);
});

test('what a cache counts by itself is taken over, however often it is looked at', async () => {
  const metrics = createMetrics('alone');
  const stats = { hits: 3, misses: 1 };
  metrics.watchCaches({ sessions: stats });
  await metrics.print();
  stats.hits += 2;
  const { value } = await scrape(metrics);
  expect(value('evently_cache_reads_total{cache="sessions",result="hit"}')).toBe(5);
  expect(value('evently_cache_reads_total{cache="sessions",result="miss"}')).toBe(1);
});

test('a category is quoted, whatever it is called', async () => {
  const metrics = createMetrics('alone');
  metrics.record.ticketsSold('a "b"\\c\nd', 1);
  expect((await scrape(metrics)).seriesOf('evently_tickets_sold_total')).toHaveLength(1);
});

test('a job that fails is counted as failed, and fails', async () => {
  const metrics = createMetrics('alone');
  const broken = async () => {
    throw new Error('no luck');
  };
  const handlers = measureJobs({ 'sweep-holds': broken } as Partial<Handlers> as Handlers, metrics.record);
  await expect(handlers['sweep-holds']({}, { isLastTry: false })).rejects.toThrow('no luck');
  expect((await scrape(metrics)).value('evently_job_duration_seconds_count{job="sweep-holds",outcome="failed"}')).toBe(
    1,
  );
});

test('a database that does not answer takes its own numbers away, and no others', async () => {
  const metrics = createMetrics('alone');
  metrics.watch({
    listQueueLengths: () => Promise.reject(new Error('away')),
    countWaiting: () => 3,
    countQueued: () => 2,
    seatLocks: () => 'half-open',
    replicaAgeSeconds: () => Number.POSITIVE_INFINITY,
  });
  const { value, seriesOf } = await scrape(metrics);
  expect(seriesOf('evently_jobs_waiting')).toEqual([]);
  expect(value('evently_box_office_waiting')).toBe(3);
  expect(value('evently_waiting_room_queued')).toBe(2);
  expect(value('evently_seat_locks_state{state="half-open"}')).toBe(1);
  expect(value('evently_seat_locks_state{state="closed"}')).toBe(0);
  expect(value('evently_replica_age_seconds')).toBe(Number.POSITIVE_INFINITY);
});

test('many who scrape at once cost one print and one count of the jobs', async () => {
  const app = Fastify();
  const metrics = createMetrics('alone');
  let counted = 0;
  metrics.watch({
    listQueueLengths: async () => {
      counted += 1;
      return [{ name: 'sweep-holds', waiting: 4, longestWaitSeconds: 1.5 }];
    },
  });
  let printed = 0;
  const print = () => {
    printed += 1;
    return metrics.print();
  };
  registerMetrics(app, { print, contentType: metrics.contentType });
  const answers = await Promise.all(Array.from({ length: 50 }, () => app.inject('/metrics')));
  expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
  expect(answers[0]!.headers).toMatchObject({
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    'cache-control': 'no-store',
  });
  expect(readScrape(answers[0]!.body).value('evently_jobs_waiting{job="sweep-holds"}')).toBe(4);
  expect(printed).toBe(1);
  await metrics.print();
  expect(counted).toBe(1);
});
