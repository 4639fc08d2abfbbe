import { expect, test } from 'vitest';
import { createReader } from './reader.ts';

const said = (output: unknown) => Buffer.from(JSON.stringify({ result: { data: { json: output } } }));
const refusal = Buffer.from(JSON.stringify({ error: { json: { data: { problem: { code: 'not_found' } } } } }));

function readerOf(answers: { status: number; body: Buffer }[]) {
  const paths: string[] = [];
  let checked = 0;
  const client = {
    read: async (path: string) => {
      paths.push(path);
      return answers.shift() ?? expect.fail('it read too often');
    },
  };
  const fits = (output: unknown) => {
    checked += 1;
    return typeof output === 'number';
  };
  const read = createReader(client, { procedure: 'events.get', input: { eventId: 'ü&' }, fits });
  return { read, paths, checked: () => checked };
}

test('a query goes as the SDK sends it, and what was found right before is not read again', async () => {
  const { read, paths, checked } = readerOf([
    { status: 200, body: said(1) },
    { status: 200, body: said(1) },
    { status: 200, body: said(2) },
  ]);
  for (let i = 0; i < 3; i += 1) await read();
  expect(checked()).toBe(2);
  const url = new URL(paths[0]!, 'http://localhost');
  expect([url.pathname, url.searchParams.get('input')]).toEqual(['/trpc/events.get', '{"eventId":"ü&"}']);
});

test('what varies is asked for in another way each time, and the same answer is still known', async () => {
  let turn = 0;
  const paths: string[] = [];
  let checked = 0;
  const wanted = {
    procedure: 'events.list',
    input: { q: 'jazz' },
    vary: () => {
      turn += 1;
      return { q: `jazz${turn}` };
    },
    fits: () => {
      checked += 1;
      return true;
    },
  };
  const read = createReader({ read: async (path) => ({ status: 200, body: said(paths.push(path) > 0) }) }, wanted);
  await read();
  await read();
  expect(paths.map((path) => path.includes('jazz'))).toEqual([true, true]);
  expect([new Set(paths).size, checked]).toEqual([2, 1]);
});

test('another answer, a refusal, and the right words under a wrong status are found out', async () => {
  const { read } = readerOf([
    { status: 200, body: said(1) },
    { status: 200, body: said('one') },
    { status: 404, body: refusal },
    { status: 500, body: said(1) },
  ]);
  await read();
  await expect(read()).rejects.toThrow('answered something else');
  await expect(read()).rejects.toThrow('was refused: not_found');
  await expect(read()).rejects.toThrow('neither an output nor a refusal');
});
