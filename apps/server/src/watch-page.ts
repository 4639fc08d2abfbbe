import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { etagOf, hasAlready } from './public-reads.ts';

// Scripts, styles and the stream come from here, nothing from elsewhere, and nothing is written into the page.
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const FOLDER = path.join(import.meta.dirname, '../web/watch');
const PAGE = 'index.html';
const TYPES: Record<string, string> = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript' };

interface Asset {
  body: Buffer;
  type: string;
  etag: string;
}

/** `/watch/{showId}`: a page that draws a show's hall and lets it change live. It reads what anybody may read, and no more. */
export function registerWatchPage(app: FastifyInstance): void {
  const assets = readAssets();
  const page = assets.get(PAGE);
  if (!page) throw new Error(`${FOLDER} has no ${PAGE}`);
  // Whether there is such a show, the page finds out when it reads it.
  app.get('/watch/:showId', async (request, reply) => send(request, reply, page));
  for (const [name, asset] of assets) {
    if (name !== PAGE) app.get(`/watch/assets/${name}`, async (request, reply) => send(request, reply, asset));
  }
}

function readAssets(): Map<string, Asset> {
  const names = readdirSync(FOLDER).filter((name) => path.extname(name) in TYPES);
  return new Map(
    names.map((name) => {
      const body = readFileSync(path.join(FOLDER, name));
      return [name, { body, etag: etagOf(body), type: `${TYPES[path.extname(name)]}; charset=utf-8` }];
    }),
  );
}

function send(request: FastifyRequest, reply: FastifyReply, { body, type, etag }: Asset): FastifyReply {
  reply.header('content-security-policy', PAGE_POLICY).header('etag', etag).header('cache-control', 'no-cache');
  if (hasAlready(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.type(type).send(body);
}
