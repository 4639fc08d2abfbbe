import { type BookingOutcome, type Metrics, noMetrics, type ShedCall } from '@evently/api/metrics';
import { type ProblemCode, problemKinds } from '@evently/api/problem';
import { STATES } from '@evently/api/waiting-room/room-rules';
import { Counter, Histogram, type Registry } from '@prometheus-io/client';
import { createOncePer, OTHER } from './once-per.ts';

/** Organisers name categories as they like; few have more than a dozen. */
const MOST_CATEGORIES = 40;

const CALL_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const BATCH_REQUESTS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const JOB_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60];

type Answer = 'ok' | 'refused' | 'failed';

/** `refused`: the caller can do something about it; `failed`: only we can. */
function answerOf(problem: ProblemCode | null): Answer {
  if (problem === null) return 'ok';
  return problemKinds[problem].status < 500 ? 'refused' : 'failed';
}

/**
 * Turns what the office tells into Prometheus's counters and histograms.
 *
 * @param procedures every procedure there is: a name that a caller made up gets no series
 */
export function createRecorder(registry: Registry, procedures: Iterable<string>): Metrics {
  const registers = [registry];
  return {
    ...noMetrics,
    ...recordCalls(registers, new Set(procedures)),
    ...recordSales(registers),
    ...recordBatches(registers),
    ...recordRelief(registers),
    ...recordJobs(registers),
  };
}

function recordCalls(registers: Registry[], procedures: ReadonlySet<string>): Pick<Metrics, 'answered'> {
  const durations = new Histogram({
    name: 'evently_call_duration_seconds',
    help: 'How long calls of procedures took; refused: a problem that the caller can act on, failed: one of ours.',
    labelNames: ['procedure', 'answer'],
    buckets: CALL_SECONDS,
    registers,
  });
  const refusals = new Counter({
    name: 'evently_refusals_total',
    help: 'Calls that were answered with a problem, by its code.',
    labelNames: ['procedure', 'problem'],
    registers,
  });
  const seriesOf = createOncePer(procedures.size + 1, (procedure) => ({
    durationOf: createOncePer(3, (answer) => durations.labels(procedure, answer)),
    refusalsOf: createOncePer(Object.keys(problemKinds).length, (problem) => refusals.labels(procedure, problem)),
  }));
  return {
    answered(procedure, ms, problem) {
      const { durationOf, refusalsOf } = seriesOf(procedures.has(procedure) ? procedure : OTHER);
      durationOf(answerOf(problem)).observe(ms / 1000);
      if (problem !== null) refusalsOf(problem).inc();
    },
  };
}

function recordSales(registers: Registry[]): Pick<Metrics, 'bookings' | 'ticketsSold'> {
  const bookings = new Counter({
    name: 'evently_bookings_total',
    help: "What became of bookings, by the event's category.",
    labelNames: ['outcome', 'category'],
    registers,
  });
  const tickets = new Counter({
    name: 'evently_tickets_sold_total',
    help: "Tickets that became valid, by the event's category; those of bookings cancelled since are among them.",
    labelNames: ['category'],
    registers,
  });
  const seriesOf = createOncePer(MOST_CATEGORIES, (category) => ({
    bookingsOf: createOncePer(10, (outcome) => bookings.labels(outcome, category)),
    sold: tickets.labels(category),
  }));
  return {
    bookings: (outcome: BookingOutcome, category, count) => seriesOf(category).bookingsOf(outcome).inc(count),
    ticketsSold: (category, count) => seriesOf(category).sold.inc(count),
  };
}

function recordBatches(registers: Registry[]): Pick<Metrics, 'batch'> {
  const requests = new Histogram({
    name: 'evently_batch_requests',
    help: 'How many requests a box office decided in one transaction.',
    buckets: BATCH_REQUESTS,
    registers,
  });
  const durations = new Histogram({
    name: 'evently_batch_duration_seconds',
    help: 'How long the transactions of the box offices took.',
    buckets: CALL_SECONDS,
    registers,
  });
  return {
    batch(size, ms) {
      requests.observe(size);
      durations.observe(ms / 1000);
    },
  };
}

/** What keeps load off the database, and load itself away. */
function recordRelief(
  registers: Registry[],
): Pick<Metrics, 'seatLock' | 'shed' | 'waitingRoom' | 'watcherDropped' | 'catalogueRead'> {
  const locks = new Counter({
    name: 'evently_seat_locks_total',
    help: 'Claims that asked for seat locks: taken; refused, since somebody else had them; repeated, the same claim again; late or outage, done without.',
    labelNames: ['outcome'],
    registers,
  });
  const shed = new Counter({
    name: 'evently_shed_calls_total',
    help: 'Calls that were turned away as overloaded before any work was done for them.',
    labelNames: ['call'],
    registers,
  });
  const rooms = new Counter({
    name: 'evently_waiting_room_answers_total',
    help: 'What waiting rooms answered those who joined, asked for their place, or wanted to hold or book.',
    labelNames: ['answer'],
    registers,
  });
  const dropped = new Counter({
    name: 'evently_watchers_dropped_total',
    help: 'Connections that watched a show and were closed, since they read too slowly.',
    registers,
  });
  const catalogue = new Counter({
    name: 'evently_catalogue_reads_total',
    help: 'Reads that a replica may serve, by who served them.',
    labelNames: ['from'],
    registers,
  });
  const lockOf = createOncePer(5, (outcome) => locks.labels(outcome));
  const shedOf = createOncePer(4, (call) => shed.labels(call));
  const roomsOf = createOncePer(STATES.length, (answer) => rooms.labels(answer));
  const fromOf = createOncePer(2, (from) => catalogue.labels(from));
  return {
    seatLock: (outcome) => lockOf(outcome).inc(),
    shed: (call: ShedCall) => shedOf(call).inc(),
    waitingRoom: (answer) => roomsOf(answer).inc(),
    watcherDropped: () => dropped.inc(),
    catalogueRead: (from) => fromOf(from).inc(),
  };
}

function recordJobs(registers: Registry[]): Pick<Metrics, 'job'> {
  const durations = new Histogram({
    name: 'evently_job_duration_seconds',
    help: 'How long jobs took; failed ones are tried again.',
    labelNames: ['job', 'outcome'],
    buckets: JOB_SECONDS,
    registers,
  });
  return {
    job: (name, ms, isDone) => durations.observe({ job: name, outcome: isDone ? 'done' : 'failed' }, ms / 1000),
  };
}
