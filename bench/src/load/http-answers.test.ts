import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAnswerReader, type HttpAnswer } from './http-answers.ts';

const WIRE = Buffer.from(
  [
    'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: keep-alive\r\n\r\n{"a":"ü"',
    'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    'HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n',
  ].join(''),
);

function read(pieces: Buffer[]): HttpAnswer[] {
  const answers: HttpAnswer[] = [];
  const take = createAnswerReader((answer) => answers.push(answer));
  for (const piece of pieces) take(piece);
  return answers;
}

test('answers are read whole, by length and in chunks, however the bytes arrive', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: WIRE.length })), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), WIRE.length];
      const answers = read(at.slice(1).map((to, i) => WIRE.subarray(at[i], to)));
      expect(answers.map(({ status, body }) => [status, body])).toEqual([
        [200, '{"a":"ü"'],
        [503, 'abcde'],
        [204, ''],
      ]);
      expect(answers[1]?.head).toContain('\r\nretry-after: 1');
    }),
  );
});

test('what is no answer, or has no end, is said', () => {
  expect(() => read([Buffer.from('hello\r\n\r\n')])).toThrow('does not begin like one');
  expect(() => read([Buffer.from('HTTP/1.1 200 OK\r\nX: y\r\n\r\n')])).toThrow('no length');
  expect(() => read([Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')])).toThrow('no size');
});
