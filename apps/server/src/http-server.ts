import http, { type RequestListener, type Server } from 'node:http';
import type { Admission } from './admission.ts';

/** A request has to arrive within this time, headers and body. */
const REQUEST_TIMEOUT_MS = 10_000;
/** A connection on which nothing is sent or read for so long, in the middle of something, is given up. */
const SILENCE_MS = 60_000;
/** Longer than proxies keep theirs, so that they never send a request into a connection that is being closed. */
const KEEP_ALIVE_MS = 72_000;
/** An idle connection takes some ten KiB. Who comes beyond this is not let in. */
const MAX_CONNECTIONS = 20_000;

/** Node's server with our bounds, and with admission in front of everything. */
export function createHttpServer(handle: RequestListener, admission: Pick<Admission, 'sheds'>): Server {
  const server = http.createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      if (!admission.sheds(request, response)) handle(request, response);
    },
  );
  server.setTimeout(SILENCE_MS);
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}
