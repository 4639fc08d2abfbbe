/** For the tests of this package: a server that is only a list of answers. */
import superjson from 'superjson';
import type { DescribedProblem, Problem } from './contract.ts';
import type { Fetch } from './link.ts';

/** A request as a server would see it. */
export interface SentRequest {
  method: string;
  url: URL;
  authorization: string | undefined;
  input: Record<string, unknown>;
  signal: AbortSignal;
}

type Answer = (request: SentRequest) => Response | Promise<Response>;

export const succeed =
  (output: unknown): Answer =>
  () =>
    Response.json({ result: { data: superjson.serialize(output) } });

/** Answers a problem as the server does. */
export const refuse =
  (problem: Problem, status = 409, retryable = false): Answer =>
  () => {
    const described: DescribedProblem = { ...problem, title: 'Title', status, detail: 'What is wrong.', retryable };
    const data = { problem: described, requestId: 'request-1', httpStatus: status };
    return Response.json({ error: superjson.serialize({ code: -32600, message: 'What is wrong.', data }) }, { status });
  };

/** The network fails, as `fetch` reports it. */
export const breakDown: Answer = () => {
  throw new TypeError('fetch failed');
};

/** Never answers and does not heed the signal. */
export const hang: Answer = () => new Promise(() => {});

export const page = (status: number): Answer => {
  return () => new Response('<h1>Hello</h1>', { status, headers: { 'content-type': 'text/html' } });
};

/** A `fetch` that gives these answers, one per request; the last one again and again. */
export function answer(...answers: [Answer, ...Answer[]]): { fetch: Fetch; requests: SentRequest[] } {
  const requests: SentRequest[] = [];
  const fetch: Fetch = async (address, init) => {
    const url = new URL(address);
    const headers = new Headers(init?.headers);
    const input = init?.method === 'GET' ? url.searchParams.get('input') : init?.body;
    const request: SentRequest = {
      method: init?.method ?? 'GET',
      url,
      authorization: headers.get('authorization') ?? undefined,
      input: JSON.parse(String(input)),
      signal: init?.signal ?? new AbortController().signal,
    };
    requests.push(request);
    const next = answers[Math.min(requests.length, answers.length) - 1] ?? answers[0];
    return await next(request);
  };
  return { fetch, requests };
}
