import path from 'node:path';
import { expect, test } from 'vitest';
import { readArguments, UsageError } from './arguments.ts';

test('nothing typed: every scenario, 64 connections, five rounds, ten seconds, written to bench/results', () => {
  const { names, plan, profileFolder, resultsFolder, workFolder, help } = readArguments([]);
  expect({ names, plan, profileFolder, workFolder, help }).toEqual({
    names: [],
    plan: {
      ...{ seconds: 10, rounds: 5, warmUpSeconds: 3, connections: 64 },
      grown: { events: 1_000_000, bookings: 1_000_000 },
      mostPerSecond: 64_000,
    },
    profileFolder: null,
    workFolder: null,
    help: false,
  });
  expect(resultsFolder).toBe(path.resolve(import.meta.dirname, '../results'));
});

test('figures of a quick run are not written over real ones, unless a place is named', () => {
  expect(readArguments(['--quick']).resultsFolder).toBeNull();
  expect(readArguments(['--quick', '--out', '/tmp/there']).resultsFolder).toBe(path.resolve('/tmp/there'));
});

test('what is typed wins, in a quick run too, and scenarios stand anywhere', () => {
  const { names, plan, profileFolder } = readArguments([
    '--',
    'p0',
    '--quick',
    '--seconds',
    '2.5',
    'P1b',
    '--rounds',
    '3',
    '--connections',
    '16',
    '--profile',
  ]);
  expect(names).toEqual(['p0', 'P1b']);
  expect(plan).toMatchObject({ seconds: 2.5, rounds: 3, warmUpSeconds: 0.2, connections: 16 });
  expect(profileFolder).toBe(path.resolve(import.meta.dirname, '../profiles'));
});

test('a huge database has ten million bookings, also in a quick run, whose events stay few', () => {
  expect(readArguments(['--huge']).plan.grown).toEqual({ events: 1_000_000, bookings: 10_000_000 });
  expect(readArguments(['--huge', '--quick']).plan.grown).toEqual({ events: 2000, bookings: 10_000_000 });
});

test.each([
  [['--seconds', 'many'], '--seconds must be a number from 0.1 to 3600; it is many.'],
  [['--seconds', ''], '--seconds must be a number'],
  [['--seconds', '0'], '--seconds must be a number'],
  [['--rounds', '2.5'], '--rounds must be a whole number from 1 to 100; it is 2.5.'],
  [['--connections', '1001'], '--connections must be a whole number from 1 to 1000; it is 1001.'],
  [['--speed'], '--speed'],
])('%j is refused in words', (words, sentence) => {
  expect(() => readArguments(words)).toThrow(UsageError);
  expect(() => readArguments(words)).toThrow(sentence);
});
