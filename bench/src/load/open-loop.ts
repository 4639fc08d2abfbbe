import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createArrivals } from './arrivals.ts';
import type { Outcome } from './closed-loop.ts';
import { createAnswerReader, type HttpAnswer } from './http-answers.ts';
import { createLatencies, type Percentiles } from './latency.ts';

export interface OpenLoopSettings {
  host: string;
  port: number;
  /** How many arrive each second, on average. */
  perSecond: number;
  seconds: number;
  seed: number;
  /** Whoever arrives while all of them wait for an answer is turned away by nobody: they were not sent. */
  maxConnections: number;
  /** Longer than this nobody waits: an answer that has not come by then is a fault. */
  patienceMs: number;
  /** What whoever arrives wants. */
  visitOf: (arrival: number) => Visit;
}

/** Somebody's way: one request after another, until it is done or refused. */
export interface Visit {
  /** The first request, as it stands on the wire. */
  request: string;
  /** What came of it, or what is sent next. @throws Error when the answer is neither */
  judge: (answer: HttpAnswer) => Outcome | NextStep;
}

export interface NextStep {
  next: string;
  /** How long they wait before they send it. */
  afterMs: number;
}

/** What came of a load that does not wait for answers. */
export interface OpenLoopReport {
  /** How many came, by their schedule. */
  arrived: number;
  /** How many of them found no free connection, or a generator that was too far behind to send for them. */
  unsent: number;
  /** How many were done, whenever that was. */
  done: number;
  /** How many were done before the time was over. */
  doneInTime: number;
  /** By code, whenever that was. */
  refused: Record<string, number>;
  /** Of what was done, from the time at which each arrived by schedule to the answer. */
  latency: Percentiles | null;
  /** Of refusals, from the moment they were sent. */
  refusalLatency: Percentiles | null;
  /** Of refusals, from the time at which each arrived by schedule. */
  refusalLatencyFromArrival: Percentiles | null;
  /** How far the generator was behind its schedule when it sent: what it lacks of the processor. */
  lateness: Percentiles | null;
  /** How many were done soon after they arrived, by half second of their arrival. */
  windows: { arrived: number; prompt: number }[];
  connections: number;
  failures: string[];
}

export const WINDOW_MS = 500;
/** What is done within this is prompt. */
export const PROMPT_MS = 150;
const MAX_FAILURES = 20;
const TICK_MS = 1;
/** A generator that is further behind does not send for those it should have sent for: nobody would measure the server. */
const MAX_LATENESS_MS = 1000;
const LOOK_AGAIN_MS = 5;

interface Waiting {
  visit: Visit;
  arrivedAt: number;
  sentAt: number;
}

interface Connection {
  send: (text: string, waiting: Waiting) => void;
  destroy: () => void;
}

/** Sends for those who arrive by a seeded schedule, whether earlier ones were answered or not. */
export async function runOpenLoop(settings: OpenLoopSettings): Promise<OpenLoopReport> {
  const { perSecond, seconds, seed, maxConnections, patienceMs, visitOf } = settings;
  const tally = createTally(settings);
  const { report } = tally;
  const nextArrival = createArrivals(perSecond, seed);
  const free: Connection[] = [];
  const all = new Set<Connection>();
  const take = (): Connection | null => {
    const idle = free.pop();
    if (idle) return idle;
    if (all.size >= maxConnections) return null;
    const opened = openConnection(settings, {
      onAnswer: (answer, waiting) => {
        const step = tally.count(answer, waiting, performance.now());
        if (step) goOn(opened, waiting, step);
        else free.push(opened);
      },
      onLost: (waiting, why) => {
        all.delete(opened);
        const at = free.indexOf(opened);
        if (at >= 0) free.splice(at, 1);
        if (waiting) tally.fail(`no answer came: ${why}`);
      },
    });
    all.add(opened);
    report.connections = Math.max(report.connections, all.size);
    return opened;
  };

  const goOn = (connection: Connection, waiting: Waiting, { next, afterMs }: NextStep) => {
    const send = () => connection.send(next, { ...waiting, sentAt: performance.now() });
    if (afterMs > 0) setTimeout(send, afterMs);
    else send();
  };

  const began = performance.now();
  tally.begin(began);
  for (let arrival = nextArrival(); arrival < seconds * 1000 && report.failures.length < MAX_FAILURES; ) {
    const now = performance.now();
    for (; arrival < seconds * 1000 && began + arrival <= now; arrival = nextArrival()) {
      tally.arrive(arrival);
      const connection = now - began - arrival > MAX_LATENESS_MS ? null : take();
      if (!connection) {
        report.unsent += 1;
        continue;
      }
      const visit = visitOf(report.arrived);
      connection.send(visit.request, tally.sent(visit, began + arrival, performance.now()));
    }
    await sleep(Math.max(TICK_MS, began + arrival - performance.now()));
  }
  const deadline = performance.now() + patienceMs;
  while (free.length < all.size && performance.now() < deadline) await sleep(LOOK_AGAIN_MS);
  if (free.length < all.size)
    tally.fail(`${all.size - free.length} answers did not come within ${patienceMs / 1000} s`);
  for (const connection of all) connection.destroy();
  return tally.finish();
}

function createTally({ seconds }: Pick<OpenLoopSettings, 'seconds'>) {
  const latencies = createLatencies();
  const refusals = createLatencies();
  const refusalsFromArrival = createLatencies();
  const lateness = createLatencies();
  const report: OpenLoopReport = {
    ...{ arrived: 0, unsent: 0, done: 0, doneInTime: 0, refused: {}, connections: 0, windows: [], failures: [] },
    ...{ latency: null, refusalLatency: null, refusalLatencyFromArrival: null, lateness: null },
  };
  let began = 0;
  const windowOf = (arrival: number) => {
    const index = Math.floor(arrival / WINDOW_MS);
    while (report.windows.length <= index) report.windows.push({ arrived: 0, prompt: 0 });
    return report.windows[index]!;
  };
  const fail = (what: string) => {
    if (report.failures.length < MAX_FAILURES) report.failures.push(what);
  };
  return {
    report,
    fail,
    begin(now: number) {
      began = now;
    },
    arrive(arrival: number) {
      report.arrived += 1;
      windowOf(arrival).arrived += 1;
    },
    sent(visit: Visit, arrivedAt: number, sentAt: number): Waiting {
      lateness.record(sentAt - arrivedAt);
      return { visit, arrivedAt, sentAt };
    },
    /** @returns what they do next; null when that was all */
    count(answer: HttpAnswer, { visit, arrivedAt, sentAt }: Waiting, now: number): NextStep | null {
      try {
        const outcome = visit.judge(answer);
        if (typeof outcome === 'object' && 'next' in outcome) return outcome;
        if (outcome === 'done') {
          report.done += 1;
          if (now < began + seconds * 1000) report.doneInTime += 1;
          if (now - arrivedAt <= PROMPT_MS) windowOf(arrivedAt - began).prompt += 1;
          latencies.record(now - arrivedAt);
        } else {
          report.refused[outcome.refused] = (report.refused[outcome.refused] ?? 0) + 1;
          refusals.record(now - sentAt);
          refusalsFromArrival.record(now - arrivedAt);
        }
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error));
      }
      return null;
    },
    finish: (): OpenLoopReport => ({
      ...report,
      latency: latencies.percentiles(),
      refusalLatency: refusals.percentiles(),
      refusalLatencyFromArrival: refusalsFromArrival.percentiles(),
      lateness: lateness.percentiles(),
    }),
  };
}

interface ConnectionEvents {
  onAnswer: (answer: HttpAnswer, waiting: Waiting) => void;
  /** @param waiting who still waited for an answer; null for nobody */
  onLost: (waiting: Waiting | null, why: string) => void;
}

/** A connection with one request under way at a time. */
function openConnection(
  { host, port }: Pick<OpenLoopSettings, 'host' | 'port'>,
  { onAnswer, onLost }: ConnectionEvents,
): Connection {
  let waiting: Waiting | null = null;
  let why = 'the connection was closed';
  const socket = net.connect({ host, port, noDelay: true });
  const read = createAnswerReader((answer) => {
    const answered = waiting;
    waiting = null;
    if (answered) onAnswer(answer, answered);
  });
  socket.on('data', (piece: Buffer) => {
    try {
      read(piece);
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
      socket.destroy();
    }
  });
  socket.on('error', (error) => {
    why = error.message;
  });
  socket.on('close', () => onLost(waiting, why));
  return {
    send(text, sent) {
      waiting = sent;
      socket.write(text);
    },
    destroy: () => socket.destroy(),
  };
}
