import { Pool } from 'undici';
import { type Answer, readAnswer } from './answer.ts';

/** Sends calls as the SDK does, more cheaply: what the generator costs, the server does not get. */
export interface Client {
  /** @throws Error when the answer is neither an output nor a refusal, or none comes */
  call: (procedure: string, input: object, token: string) => Promise<Answer>;
  close: () => Promise<void>;
}

/** Whoever waits longer than this for an answer has found a fault. */
const PATIENCE_MS = 30_000;

/**
 * A client with at most so many connections, each with one request at a time. It uses undici's `dispatch`, which costs
 * two thirds of its `request` and less than half of `node:http`.
 */
export function createClient(url: string, connections: number): Client {
  const pool = new Pool(url, {
    connections,
    pipelining: 1,
    headersTimeout: PATIENCE_MS,
    bodyTimeout: PATIENCE_MS,
  });
  const headersOf = rememberHeaders();
  return {
    call: (procedure, input, token) =>
      new Promise((resolve, reject) => {
        const request = {
          path: `/trpc/${procedure}`,
          method: 'POST' as const,
          headers: headersOf(token),
          body: JSON.stringify(input),
        };
        let status = 0;
        const chunks: Buffer[] = [];
        pool.dispatch(request, {
          onRequestStart: () => undefined,
          onResponseStart: (_controller, statusCode) => {
            status = statusCode;
          },
          onResponseData: (_controller, chunk) => {
            chunks.push(chunk);
          },
          onResponseEnd: () => {
            try {
              resolve(readAnswer(status, textOf(chunks)));
            } catch (error) {
              reject(error);
            }
          },
          onResponseError: (_controller, error) => reject(new Error(`no answer came: ${error.message}`)),
        });
      }),
    close: () => pool.destroy(),
  };
}

/** What the SDK's `fetch` sends in Node, as undici takes it: names and values in turn. */
function rememberHeaders(): (token: string) => string[] {
  const known = new Map<string, string[]>();
  return (token) => {
    let headers = known.get(token);
    if (!headers) {
      headers = [
        ...['content-type', 'application/json', 'authorization', `Bearer ${token}`, 'accept', '*/*'],
        ...['accept-language', '*', 'sec-fetch-mode', 'cors', 'user-agent', 'node', 'accept-encoding', 'gzip, deflate'],
      ];
      known.set(token, headers);
    }
    return headers;
  };
}

function textOf(chunks: readonly Buffer[]): string {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first.toString() : Buffer.concat(chunks).toString();
}
