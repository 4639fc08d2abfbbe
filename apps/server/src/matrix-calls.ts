/** How a procedure is called over REST and over tRPC, and how what comes back is read. */
import { connect } from 'node:net';
import type { ProcedureInfo } from '@evently/api/procedures';
import { z } from 'zod';
import type { Input } from './matrix-world.ts';
import { pathFields } from './rest/schemas.ts';

/** A request as it goes over the wire. */
export interface WireRequest {
  method: string;
  /** With its query string, as it stands in the request line. */
  path: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
}

const problemShape = z.looseObject({
  code: z.string().min(1),
  status: z.int(),
  title: z.string().min(1),
  detail: z.string().min(1),
  retryable: z.boolean(),
  issues: z.array(z.strictObject({ path: z.string(), message: z.string().min(1) })).optional(),
});
export type WireProblem = z.infer<typeof problemShape>;

/** What problem+json carries besides the problem. */
const restProblem = problemShape.extend({
  type: z.string().startsWith('urn:evently:problem:'),
  requestId: z.string().min(1),
});
const trpcError = z.object({
  error: z.object({
    json: z.object({
      code: z.int(),
      message: z.string(),
      data: z.strictObject({ problem: problemShape, requestId: z.string().min(1), httpStatus: z.int() }),
    }),
  }),
});

export interface Reply {
  status: number;
  type: string;
  requestId: string | null;
  text: string;
}

export const JSON_TYPE = { 'content-type': 'application/json' };
const encoder = new TextEncoder();

/** Sends a request and reads the whole answer. @throws when the connection is refused or reset */
export async function send(url: string, request: WireRequest, token: string | null): Promise<Reply> {
  const { method, path, headers = {}, body } = request;
  const response = await fetch(url + path, {
    method,
    headers: { ...headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    // As bytes: fetch gives text a content type of its own.
    ...(body === undefined ? {} : { body: typeof body === 'string' ? encoder.encode(body) : body }),
  });
  const type = response.headers.get('content-type') ?? '';
  return {
    status: response.status,
    type,
    requestId: response.headers.get('x-request-id'),
    text: await response.text(),
  };
}

/** Sends bytes over a connection of its own, and answers what came back: all until the server closes, or nothing. */
export function talk(url: string, bytes: string, then: 'wait' | 'leave' | 'end'): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let received = '';
    socket.on('data', (data) => {
      received += data.toString();
      // Keep-alive would leave it open: one answer is all we are after.
      if (received.includes('\r\n\r\n')) socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
    socket.write(bytes, () => {
      if (then === 'leave') socket.destroy();
      if (then === 'end') socket.end();
    });
  });
}

/** The procedure's place in REST, its path fields filled in, without /api/v1's query. */
export function restPath(procedure: ProcedureInfo, input: Input): string {
  const path = procedure.meta.openapi?.path ?? '';
  return `/api/v1${path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input[name])))}`;
}

/** What of an input does not stand in the path: the query string's or the body's part. */
export function besidesPath(procedure: ProcedureInfo, input: Input): Input {
  const inPath = new Set(pathFields(procedure.meta.openapi?.path ?? ''));
  return Object.fromEntries(Object.entries(input).filter(([name]) => !inPath.has(name)));
}

export function restRequest(procedure: ProcedureInfo, input: Input): WireRequest {
  const method = procedure.meta.openapi?.method ?? '';
  const path = restPath(procedure, input);
  const rest = Object.entries(besidesPath(procedure, input));
  if (procedure.type === 'query') {
    const query = new URLSearchParams(rest.map(([name, value]) => [name, String(value)]));
    return { method, path: rest.length === 0 ? path : `${path}?${query}` };
  }
  return rest.length === 0
    ? { method, path }
    : { method, path, headers: JSON_TYPE, body: JSON.stringify(Object.fromEntries(rest)) };
}

/** @param json the input, as JSON text */
export function trpcRequest(procedure: Pick<ProcedureInfo, 'path' | 'type'>, json: string): WireRequest {
  const path = `/trpc/${procedure.path}`;
  return procedure.type !== 'mutation'
    ? { method: 'GET', path: `${path}?input=${encodeURIComponent(json)}` }
    : { method: 'POST', path, headers: JSON_TYPE, body: json };
}

/**
 * The problem in an answer, which must be one to the letter.
 *
 * @returns a sentence instead when it is not
 */
export function readProblem(reply: Reply, transport: 'REST' | 'tRPC'): WireProblem | string {
  const said = `${reply.status} ${reply.type} ${reply.text.slice(0, 300)}`;
  if (reply.status < 400) return `was accepted: ${said}`;
  if (reply.status >= 500) return `failed: ${said}`;
  const wantedType = transport === 'REST' ? 'application/problem+json' : 'application/json';
  if (!reply.type.startsWith(wantedType)) return `is not ${wantedType}: ${said}`;
  const found = transport === 'REST' ? readRest(reply.text) : readTrpc(reply.text);
  if (found === null) return `is no problem: ${said}`;
  if (found.problem.status !== reply.status) return `says another status than it has: ${said}`;
  if (found.requestId !== reply.requestId) return `says another request id than its header ${reply.requestId}: ${said}`;
  return found.problem;
}

type Found = { problem: WireProblem; requestId: string } | null;

function readRest(text: string): Found {
  const { data } = restProblem.safeParse(parse(text));
  return data === undefined ? null : { problem: data, requestId: data.requestId };
}

function readTrpc(text: string): Found {
  const json = parse(text);
  const { data: error } = trpcError.safeParse(Array.isArray(json) ? json[0] : json);
  return error === undefined ? null : error.error.json.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Does the work of all items, at most `atOnce` at a time, and answers in their order. */
export async function mapAtMost<T, R>(
  atOnce: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
