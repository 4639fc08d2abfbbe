import { expect, test } from 'vitest';
import { createStyle, widthOf } from './style.ts';
import { createTally, recordError } from './tally.ts';
import { describeVerdict, exitCodeOf, type Verdict } from './verdict.ts';

const fancy = createStyle({ colours: false, unicode: true });

function verdictOf(changes: Partial<Verdict> = {}): Verdict {
  const tally = createTally(4);
  tally.buyers = { outside: 0, looking: 0, deciding: 0, served: 2, changed: 1, left: 1 };
  tally.sales = [
    { bookingId: 'b1', userId: 'u1', total: 5000, tickets: [] },
    { bookingId: 'b2', userId: 'u2', total: 2550, tickets: [] },
  ];
  tally.ticketsSold = 3;
  tally.soldPerSecond = [1, 2];
  tally.refusals = new Map([
    ['sold_out', 2],
    ['seat_taken', 5],
  ]);
  tally.latencies.hold = [1, 2, 3, 40];
  tally.latencies.look = [2.25];
  return {
    show: { name: 'Rush 20:15:00', capacity: 8, startsAt: new Date(2026, 10, 20, 20, 26), price: 2500 },
    closing: 'time is up',
    durationMs: 2000,
    tally,
    findings: [
      { name: 'I1', holds: 'a seat has one ticket', violations: [] },
      { name: '', holds: 'buyers and database agree', violations: [] },
    ],
    ...changes,
  };
}

const textOf = (verdict: Verdict, columns = 80) => describeVerdict(verdict, fancy, columns).join('\n');

test('a rush in which all was well is told from its sales to its promises', () => {
  expect(describeVerdict(verdictOf(), fancy, 80)).toEqual([
    '  Rush 20:15:00 is over: time is up after 2.0 s.',
    '',
    '  Sold      3 of 8 tickets in 2 bookings, for 75.50 EUR',
    '  Rate      1.5 tickets/s, 2 in the best second',
    '  Buyers    2 served · 1 changed their minds · 1 left without',
    '  Refused   7: seat_taken 5 · sold_out 2',
    '  Errors    0',
    '',
    '  Latency        calls       p50       p90       p99       max',
    '  look               1    2.3 ms    2.3 ms    2.3 ms    2.3 ms',
    '  hold               4    2.0 ms     40 ms     40 ms     40 ms',
    '',
    '  What the database says',
    '  ✓ I1 a seat has one ticket',
    '  ✓ buyers and database agree',
    '',
    '  Nothing was sold twice, and nothing was lost.',
    '  "Rush 20:15:00" stays, since it was sold: it begins at 20:26 and leaves the',
    '  public lists by itself. Its buyers are accounts @rush.invalid, which nobody',
    '  can sign in to.',
  ]);
  expect(exitCodeOf(verdictOf())).toBe(0);
});

test('a broken promise is marked, its first violations are shown, and the exit code is 1', () => {
  const broken = verdictOf({
    findings: [
      { name: 'I1', holds: 'a seat has one ticket', violations: ['seat 1 has 2', 'seat 2 has 2', 'seat 3 has 2', 'x'] },
      { name: 'I2', holds: 'counters count', violations: [] },
    ],
  });
  const lines = describeVerdict(broken, fancy, 80);
  const at = lines.indexOf('  What the database says');
  expect(lines.slice(at + 1, at + 9)).toEqual([
    '  ✗ I1 a seat has one ticket',
    '       seat 1 has 2',
    '       seat 2 has 2',
    '       seat 3 has 2',
    '       and 1 more',
    '  ✓ I2 counters count',
    '',
    '  1 of these 2 do not hold.',
  ]);
  expect(exitCodeOf(broken)).toBe(1);
  expect(exitCodeOf({ ...broken, closing: 'stopped' })).toBe(1);
});

test('an answer that is neither a sale nor a refusal fails the rush, and is shown with its number', () => {
  const failed = verdictOf();
  recordError(failed.tally, 'hold: internal, Something went wrong.', 3);
  for (let kind = 1; kind <= 5; kind += 1) recordError(failed.tally, `book: error ${kind}`);
  const lines = describeVerdict(failed, fancy, 80);
  const at = lines.findIndex((line) => line.startsWith('  Errors'));
  expect(lines.slice(at, at + 2)).toEqual([
    '  Errors    8 answers were neither a sale nor a refusal:',
    '            hold: internal, Something went wrong. (3)',
  ]);
  expect(lines[at + 6]).toBe('            and others');
  expect(textOf(failed)).toContain('not every answer was one');
  expect(exitCodeOf(failed)).toBe(1);
});

test('a database that cannot be asked is no proof of anything', () => {
  const unknown = verdictOf({ findings: 'The database could not be asked. Nobody answers.' });
  expect(textOf(unknown)).toContain('  ✗ The database could not be asked. Nobody answers.');
  expect(textOf(unknown)).toContain('is not known');
  expect(exitCodeOf(unknown)).toBe(1);
});

test('a rush that was stopped says so, and neither passes nor fails', () => {
  const stopped = verdictOf({ closing: 'stopped' });
  expect(textOf(stopped)).toContain('Rush 20:15:00 was stopped after 2.0 s.');
  expect(exitCodeOf(stopped)).toBe(130);
});

test('a verdict over free tickets, without a refusal, speaks of no money', () => {
  const verdict = verdictOf();
  verdict.show = { ...verdict.show, price: 0 };
  verdict.tally.refusals.clear();
  expect(textOf(verdict)).toContain('in 2 bookings, free of charge');
  expect(textOf(verdict)).toContain('  Refused   0\n');
});

test('what is said fits the terminal, and in ASCII where there is nothing else', () => {
  const verdict = verdictOf({
    findings: [{ name: 'I3', holds: 'word '.repeat(40).trim(), violations: ['seat '.repeat(30).trim()] }],
  });
  recordError(verdict.tally, 'oh '.repeat(60).trim());
  for (const columns of [64, 80, 120]) {
    const lines = describeVerdict(verdict, createStyle({ colours: true, unicode: false }), columns);
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
  }
  const plain = describeVerdict(verdict, createStyle({ colours: false, unicode: false }), 80).join('\n');
  expect(plain).toMatch(/^[\n\x20-\x7e]*$/);
  expect(plain).toContain('  NO I3 word');
});
