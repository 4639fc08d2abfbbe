import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Problem } from '@evently/api/problem';
import { problemBody } from './problem-reply.ts';

const REFUSALS: Record<string, { status: number; message: string }> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'has a URL and headers of more than 16 KiB' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'did not arrive in time' },
};

/**
 * What Node refuses before there is a request: bytes that are no HTTP, headers that are too large, a sender who takes too
 * long. It is answered as a problem, too, and the connection ends.
 */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { status, message } = REFUSALS[error.code ?? ''] ?? { status: 400, message: 'is not a request we can read' };
  const problem: Problem = { code: 'invalid_input', issues: [{ path: '', message }] };
  const requestId = randomUUID();
  const body = problemBody(problem, requestId, status);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ];
  if (socket.writable) socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  else socket.destroy();
}
