import type { FastifyInstance } from 'fastify';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * JSON is the only content type that is read: a browser sends nothing else across origins without asking first. Bytes that
 * are not UTF-8 are refused rather than replaced. An empty body is none.
 *
 * @param read `'value'` for routes that take the parsed body, `'text'` for those that parse it themselves
 */
export function readJsonBodies(app: FastifyInstance, read: 'value' | 'text'): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    if (typeof body === 'string' || body.length === 0) {
      done(null, undefined);
      return;
    }
    try {
      const text = utf8.decode(body);
      const value: unknown = JSON.parse(text);
      done(null, read === 'value' ? value : text);
    } catch {
      done(Object.assign(new Error('the body is not JSON'), { statusCode: 400 }), undefined);
    }
  });
}
