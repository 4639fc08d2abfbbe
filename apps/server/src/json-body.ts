import type { FastifyInstance } from 'fastify';

/** A body in both forms. */
export interface JsonBody {
  text: string;
  value: unknown;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * JSON is the only content type that is read: a browser sends nothing else across origins without asking first. Bytes that
 * are not UTF-8 are refused rather than replaced. An empty body is none.
 *
 * @param read `'value'` for routes that take the parsed body, `'both'` for those that may parse its text themselves
 */
export function readJsonBodies(app: FastifyInstance, read: 'value' | 'both'): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    if (typeof body === 'string' || body.length === 0) {
      done(null, undefined);
      return;
    }
    try {
      const text = utf8.decode(body);
      const value: unknown = JSON.parse(text);
      done(null, read === 'value' ? value : ({ text, value } satisfies JsonBody));
    } catch {
      done(Object.assign(new Error('the body is not JSON'), { statusCode: 400 }), undefined);
    }
  });
}
