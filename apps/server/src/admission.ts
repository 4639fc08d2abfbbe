import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Metrics, ShedCall } from '@evently/api/metrics';
import { ProblemError } from '@evently/api/problem';
import { problemBody } from './problem-reply.ts';
import { trpcProblemBody } from './trpc-problem.ts';

/**
 * How much may be under way at once, by what is asked for: beyond that, the answer is `overloaded`, at once. Who confirms
 * has places already and comes before those who want some, and these before those who look. Up to five hundred requests
 * are nothing unusual, and what waits behind so many is answered within a fraction of a second.
 */
const MOST: Record<ShedCall, number> = { browse: 500, other: 800, hold: 1000, confirm: 2000 };
const RETRY_AFTER_MS = 1000;

export interface Admission {
  /** Whether a request is one too many; then it has been answered. Comes before anything else is done for it. */
  sheds: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** A call begins, or ends: between the two it waits for something. */
  begin: () => void;
  end: () => void;
  /** For work that only turns out to be needed on the way. @throws ProblemError `overloaded` */
  check: (call: ShedCall) => void;
}

export interface AdmissionSettings {
  metrics: Pick<Metrics, 'shed'>;
  /** Sent with every answer. */
  headers: Readonly<Record<string, string>>;
  /** Whether this is answered from memory, and costs no more than its refusal. */
  isKept: (url: string) => boolean;
  most?: Record<ShedCall, number> | undefined;
}

/**
 * Bounded admission. It counts calls whose request has arrived as a whole, not connections: who sends or reads slowly
 * takes nobody's place.
 */
export function createAdmission({ metrics, headers, isKept, most = MOST }: AdmissionSettings): Admission {
  const least = Math.min(...Object.values(most));
  const answers = { trpc: prepareAnswer('trpc', headers), rest: prepareAnswer('rest', headers) };
  let underWay = 0;

  function refuse(request: IncomingMessage, response: ServerResponse, call: ShedCall): void {
    metrics.shed(call);
    const { head, before, after } = answers[request.url?.startsWith('/trpc/') ? 'trpc' : 'rest'];
    const requestId = randomUUID();
    response.writeHead(503, [...head, 'x-request-id', requestId]);
    response.end(before + requestId + after);
  }

  return {
    sheds(request, response) {
      if (underWay < least) return false;
      const { method = '', url = '' } = request;
      const call = classify(method, url);
      if (call === null || underWay < most[call] || (call === 'browse' && isKept(url))) return false;
      refuse(request, response, call);
      return true;
    },
    begin: () => {
      underWay += 1;
    },
    end: () => {
      underWay -= 1;
    },
    check(call) {
      // The call itself is among those under way.
      if (underWay <= most[call]) return;
      metrics.shed(call);
      throw new ProblemError({ code: 'overloaded', retryAfterMs: RETRY_AFTER_MS });
    },
  };
}

/** A refusal is put together once, but for the request's id: when they are many, they take the time of those who are served. */
function prepareAnswer(way: 'trpc' | 'rest', headers: Readonly<Record<string, string>>) {
  const problem = { code: 'overloaded' as const, retryAfterMs: RETRY_AFTER_MS };
  const sample = randomUUID();
  const body = way === 'trpc' ? trpcProblemBody(problem, sample) : problemBody(problem, sample);
  const [before = '', after = ''] = body.split(sample);
  const type = `application/${way === 'trpc' ? '' : 'problem+'}json; charset=utf-8`;
  const own = { 'retry-after': RETRY_AFTER_MS / 1000, 'content-type': type, 'content-length': Buffer.byteLength(body) };
  return {
    head: Object.entries({ ...headers, ...own }).flatMap(([name, value]) => [name, String(value)]),
    before,
    after,
  };
}

const CONFIRMS =
  /^\/trpc\/(bookings\.confirm|waitlist\.accept)\b|^\/api\/v1\/(bookings|waitlist)\/[^/?]+\/(confirm|accept)\b/;
const HOLDS = /^\/trpc\/bookings\.(hold|book)\b|^\/api\/v1\/bookings(\/hold)?\/?(\?|$)/;

/** What is asked for; null for what is never refused: health, metrics, the reference, and what browsers ask beforehand. */
export function classify(method: string, url: string): ShedCall | null {
  const isApi = url.startsWith('/trpc/') || url.startsWith('/api/v1/');
  if (!isApi || method === 'OPTIONS') return null;
  if (method === 'GET' || method === 'HEAD') return 'browse';
  if (CONFIRMS.test(url)) return 'confirm';
  return HOLDS.test(url) ? 'hold' : 'other';
}
