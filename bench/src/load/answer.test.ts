import { expect, test } from 'vitest';
import { readAnswer } from './answer.ts';

const output = (json: unknown) => JSON.stringify({ result: { data: { json } } });
const refusal = (code: string) => JSON.stringify({ error: { json: { data: { problem: { code } } } } });

test('an output is read, also an empty one', () => {
  expect(readAnswer(200, output({ id: '7' }))).toEqual({ output: { id: '7' } });
  expect(readAnswer(200, output({}))).toEqual({ output: {} });
  expect(readAnswer(200, output(null))).toEqual({ output: null });
});

test('a problem under its own status is a refusal', () => {
  expect(readAnswer(409, refusal('sold_out'))).toEqual({ refused: 'sold_out' });
  expect(readAnswer(503, refusal('overloaded'))).toEqual({ refused: 'overloaded' });
});

test.each([
  ['an output under another status', 201, output({ id: '7' })],
  ['a refusal that says 200', 200, refusal('sold_out')],
  ['a problem under a foreign status', 500, refusal('sold_out')],
  ['a problem that nobody knows', 409, refusal('toString')],
  ['internal', 500, refusal('internal')],
  ['a page', 502, '<html>Bad gateway</html>'],
  ['half an answer', 200, '{"result":{"data"'],
  ['nothing', 200, ''],
])('%s is neither', (_what, status, text) => {
  expect(() => readAnswer(status, text)).toThrow('neither an output nor a refusal');
});
