import type { IncomingMessage, ServerResponse } from 'node:http';
import { callInstead } from '@evently/api/call-procedure';
import type { Context } from '@evently/api/context';
import { lastVersionOf, type WatchWish } from '@evently/api/live/watch-seats';
import { refuseInput } from '@evently/api/problem';
import { listSubscriptions, type ProcedureInfo } from '@evently/api/procedures';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Door } from './door.ts';
import { sendTrpcProblem } from './trpc-problem.ts';
import { sendCallError } from './trpc-short-path.ts';
import { WatchConnection } from './watch-connection.ts';
import type { Watchers } from './watchers.ts';

/** Answers a request that wants to watch; null for any other, which is left to others. */
export type AnswerWatch = (
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
) => Promise<FastifyReply> | FastifyReply | null;

const PATH = 'events.watch';

/**
 * `events.watch` in tRPC's wire format, written past tRPC: its adapter runs a generator, a stream and a timer for everybody
 * who watches and serialises each event for each of them, where all of them are sent the same bytes.
 */
export function createWatchRoute({ contextOf, endCall }: Door, watchers: Watchers): AnswerWatch {
  const procedure = listSubscriptions().find(({ path }) => path === PATH);
  if (!procedure) throw new Error(`${PATH} is no subscription`);
  return (request, reply, path) => {
    if (path !== PATH) return null;
    if (request.method !== 'GET') return sendTrpcProblem(reply, { code: 'not_found' });
    return answer(procedure, watchers, { ctx: contextOf(request), request, reply }).finally(() => endCall(request));
  };
}

interface WatchCall {
  ctx: Context;
  request: FastifyRequest;
  reply: FastifyReply;
}

async function answer(procedure: ProcedureInfo, watchers: Watchers, call: WatchCall): Promise<FastifyReply> {
  const { ctx, request, reply } = call;
  const readInput = () => inputOf(request);
  try {
    return await callInstead(procedure, ctx, readInput, (wish: WatchWish) => watch(wish, watchers, call));
  } catch (error) {
    return sendCallError(error, ctx, reply);
  }
}

async function watch(wish: WatchWish, watchers: Watchers, call: WatchCall): Promise<FastifyReply> {
  const { ctx, request, reply } = call;
  const { seatMaps, metrics, address } = ctx;
  const join = await seatMaps.watch(wish.showId, lastVersionOf(wish));
  const { socket } = reply.raw;
  // The answer would have to wait for those before it, on a connection that takes one request after another.
  if (!socket) refuseInput('', 'does not come behind others on one connection');
  const connection = new WatchConnection(socket, metrics.watcherDropped);
  const leave = watchers.enter(connection, address);
  const head = headOf(reply);
  reply.hijack();
  letGo(request.raw, reply.raw);
  connection.open(head, () => {
    const stop = join(connection);
    socket.once('close', () => {
      stop();
      leave();
    });
  });
  return reply;
}

/** Neither a length nor chunks: the answer ends with the connection, and each event is written as it is. */
function headOf(reply: FastifyReply): string {
  const headers = {
    ...reply.getHeaders(),
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    date: new Date().toUTCString(),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 200 OK\r\n${lines.join('')}\r\n`;
}

/** Whoever watches stays for hours, and what they asked for at first is not needed any more. It takes half the memory. */
function letGo(request: IncomingMessage, response: ServerResponse): void {
  // Fastify's listeners, which wait for the end of the response with all that belongs to it.
  response.removeAllListeners();
  request.rawHeaders = [];
  request.headers = {};
  request.url = '';
}

/** As tRPC reads it: what a browser says by itself of the last event comes before what was asked for at first. */
function inputOf({ query, headers }: FastifyRequest): unknown {
  if (headers['trpc-accept'] !== undefined || 'batch' in (query as object)) {
    refuseInput('', 'is answered by itself, as a stream of events');
  }
  const { input, ...given } = query as Record<string, string | string[] | undefined>;
  const parsed = typeof input === 'string' ? parseInput(input) : input;
  const lastEventId = headers['last-event-id'] ?? given.lastEventId ?? given['Last-Event-Id'];
  if (!lastEventId || (parsed !== undefined && (typeof parsed !== 'object' || parsed === null))) return parsed;
  return { ...parsed, lastEventId };
}

function parseInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    refuseInput('', 'is not JSON');
  }
}
