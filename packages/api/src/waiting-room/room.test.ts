import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRoom, forgetLine, type Room, runRoom } from './room.ts';
import {
  ADMISSION_MS,
  type Answer,
  estimate,
  type Operation,
  patience,
  pollAfter,
  RETURN_MS,
  type RoomRules,
  TRIED_MS,
} from './room-rules.ts';
import { histories, keepTokens, noTokens, operationsOf } from './testing-histories.ts';

const START = 1_790_000_000_000;
const on: RoomRules = { mode: 'on', maxActive: 2, rate: 100 };
const auto: RoomRules = { mode: 'auto', maxActive: 2, rate: 100 };

/** One operation at a time, as one person after the other would. */
function visit(room: Room, rules: RoomRules, at: number, kind: Operation['kind'], userId: string, value = 0): Answer {
  return runRoom(room, rules, [{ kind, userId, value }], at).answers[0]!;
}

test('whoever came first is next, and others follow as there is room', () => {
  const room = createRoom(START);
  const join = (userId: string, at = START) => visit(room, on, at, 'join', userId);
  expect(['ada', 'bob', 'cyd', 'dan'].map((user) => join(user).state)).toEqual([
    'admitted',
    'admitted',
    'queued',
    'queued',
  ]);
  expect([join('cyd').position, join('dan').position]).toEqual([1, 2]);
  visit(room, on, START, 'bought', 'ada');
  expect([join('dan').position, join('cyd').state, join('ada').position]).toEqual([1, 'admitted', 2]);
});

test('an admission lasts five minutes, is not prolonged, and ends with a purchase or by leaving', () => {
  for (const end of ['bought', 'leave'] as const) {
    const room = createRoom(START);
    const { until } = visit(room, on, START, 'join', 'ada');
    expect(until).toBe(START + ADMISSION_MS);
    expect(visit(room, on, until - 1, 'join', 'ada')).toMatchObject({ state: 'admitted', until });
    expect(visit(room, on, until - 1, 'try', 'ada', until).state).toBe('admitted');
    expect(visit(room, on, until - 1, 'try', 'ada', until + 1).state).toBe('refused');
    visit(room, on, until - 1, end, 'ada');
    expect(visit(room, on, until - 1, 'try', 'ada', until).state).toBe('refused');
    expect(visit(room, on, until - 1, 'status', 'ada').state).toBe('unknown');
  }
  const room = createRoom(START);
  const { until } = visit(room, on, START, 'join', 'ada');
  expect(visit(room, on, until, 'try', 'ada', until).state).toBe('refused');
});

test('auto: who is one too many closes the room; who was let in goes on at once; it opens when nobody waits', () => {
  const room = createRoom(START);
  const at = (kind: Operation['kind'], userId: string, ms = 0, value = 0) =>
    visit(room, auto, START + ms, kind, userId, value);
  expect([at('try', 'ada').state, at('join', 'cyd').state, at('try', 'bob').state]).toEqual(['open', 'open', 'open']);
  expect([at('try', 'ada').state, at('try', 'cyd').state, at('try', 'ada').state]).toEqual([
    'open',
    'refused',
    'refused',
  ]);
  expect([at('join', 'ada').state, at('join', 'cyd').state]).toEqual(['admitted', 'queued']);
  at('bought', 'ada');
  const { state, until } = at('status', 'cyd');
  expect([state, at('try', 'cyd', 0, until).state]).toEqual(['admitted', 'admitted']);
  at('bought', 'cyd');
  expect(at('try', 'dan').state).toBe('open');
});

test('who holds places is active until the hold ends or is released, and who tried for a minute', () => {
  const room = createRoom(START);
  visit(room, auto, START, 'try', 'ada');
  visit(room, auto, START, 'held', 'ada', START + 600_000);
  visit(room, auto, START, 'try', 'bob');
  expect(visit(room, auto, START + TRIED_MS - 1, 'join', 'cyd').state).toBe('queued');
  expect(visit(room, auto, START + TRIED_MS, 'join', 'cyd').state).toBe('admitted');
  expect(visit(room, auto, START + TRIED_MS + 1, 'join', 'dan').state).toBe('queued');
  visit(room, auto, START + TRIED_MS + 2, 'released', 'ada');
  expect(visit(room, auto, START + TRIED_MS + 2, 'status', 'dan').state).toBe('admitted');
});

test('who is silent loses the place, at the time that the place has, and others move up; an admission that nobody came for, too', () => {
  const room = createRoom(START);
  const users = ['x', 'y', 'ada', 'bob', 'cyd'];
  for (const user of users) visit(room, on, START, 'join', user);
  const gone = START + patience(1);
  for (const user of ['bob', 'cyd']) visit(room, on, gone - 1, 'status', user);
  expect(visit(room, on, gone - 1, 'status', 'cyd').position).toBe(3);
  expect(visit(room, on, gone, 'status', 'cyd').position).toBe(2);
  expect(visit(room, on, gone, 'status', 'ada').state).toBe('unknown');
  visit(room, on, gone, 'bought', 'x');
  expect(visit(room, on, gone + patience(1) - 2, 'status', 'cyd').position).toBe(1);
  // Bob was admitted, and never asked.
  expect(visit(room, on, gone + patience(1) - 1, 'status', 'cyd').state).toBe('admitted');
  expect(visit(room, on, gone + patience(1) - 1, 'status', 'bob').state).toBe('unknown');
});

test('off: everybody comes in, and places are kept for when it is on again', () => {
  const room = createRoom(START);
  for (const user of ['ada', 'bob', 'cyd', 'dan']) visit(room, on, START, 'join', user);
  const off: RoomRules = { ...on, mode: 'off' };
  expect(visit(room, off, START, 'try', 'dan').state).toBe('open');
  expect(visit(room, off, START, 'join', 'eve').state).toBe('open');
  expect(visit(room, on, START, 'status', 'dan').position).toBe(2);
});

describe('a memory that was lost', () => {
  /** Ten wait; then the memory is gone, and another one begins. */
  function lose(mode: 'on' | 'auto') {
    const rules: RoomRules = { mode, maxActive: 2, rate: 100 };
    const first = createRoom(START);
    const users = Array.from({ length: 12 }, (_, n) => `user-${n}`);
    if (mode === 'auto') for (const user of ['x', 'y']) visit(first, rules, START, 'try', user);
    const answers = users.map((user, n) => visit(first, rules, START + n, 'join', user));
    const { summary } = runRoom(first, rules, [], START + 20);
    const queued = users.map((user, n) => ({ user, ...answers[n]! })).filter(({ state }) => state === 'queued');
    return { rules, users, answers, summary, queued, now: START + 1000 };
  }

  test.each(['on', 'auto'] as const)(
    '%s: whatever the order in which they come back, all have their old order, before anybody new',
    (mode) => {
      const { rules, queued, summary, now } = lose(mode);
      const room = createRoom(now);
      expect(runRoom(room, rules, [{ kind: 'join', userId: 'new', value: 0 }], now, summary).answers[0]).toMatchObject({
        state: 'queued',
      });
      for (const { user, place } of queued.toReversed()) visit(room, rules, now + 5, 'join', user, place);
      const positions = queued.map(({ user }) => visit(room, rules, now + 6, 'status', user).position);
      expect(positions).toEqual(queued.map((_, n) => n + 1));
      for (const later of [15_000, 30_000, RETURN_MS - 1]) {
        const states = queued.map(({ user }) => visit(room, rules, now + later, 'status', user).state);
        expect(new Set(states)).toEqual(new Set(['queued']));
      }
      expect(visit(room, rules, now + RETURN_MS, 'status', queued[0]!.user).state).toBe('admitted');
      expect(visit(room, rules, now + RETURN_MS, 'status', queued.at(-1)!.user).state).toBe('queued');
    },
  );

  test('is noticed by the first token from before it, too', () => {
    const { rules, queued, now } = lose('auto');
    const room = createRoom(now);
    expect(visit(room, rules, now, 'join', queued[3]!.user, queued[3]!.place)).toMatchObject({
      state: 'queued',
      place: queued[3]!.place,
    });
    expect(visit(room, rules, now, 'join', 'new').position).toBe(2);
    expect(visit(room, rules, now, 'join', queued[0]!.user, queued[0]!.place).position).toBe(1);
  });

  test('took nobody’s admission along, and gives none back that ended', () => {
    const { rules, users, answers, summary, now } = lose('on');
    const room = createRoom(now);
    const [ada = '', bob = ''] = users;
    const [{ until: ofAda } = { until: 0 }, { until: ofBob } = { until: 0 }] = answers;
    expect(runRoom(room, rules, [{ kind: 'try', userId: ada, value: ofAda }], now, summary).answers[0]!.state).toBe(
      'admitted',
    );
    visit(room, rules, now, 'bought', ada);
    expect(visit(room, rules, now, 'try', ada, ofAda).state).toBe('refused');
    expect(visit(room, rules, ofBob, 'try', bob, ofBob).state).toBe('refused');
  });

  test('of a process leaves it those who are active', () => {
    const room = createRoom(START);
    for (const user of ['ada', 'bob']) visit(room, auto, START, 'try', user);
    forgetLine(room, START + 10);
    expect(visit(room, auto, START + 10, 'try', 'cyd').state).toBe('refused');
  });
});

test('a place whose turn is over is not given again', () => {
  const room = createRoom(START);
  const join = (userId: string, value = 0) => visit(room, on, START + 5, 'join', userId, value);
  visit(room, on, START, 'join', 'x');
  visit(room, on, START, 'join', 'y');
  const { place } = join('ada');
  join('bob');
  visit(room, on, START + 5, 'bought', 'x');
  expect(join('ada').state).toBe('admitted');
  visit(room, on, START + 5, 'bought', 'ada');
  expect(join('bob').state).toBe('admitted');
  join('cyd');
  expect(join('ada', place).position).toBe(2);
  expect(join('dan', (START + 99_999) * 1000).position).toBe(3);
  expect(join('eve').position, 'a place of the future is none').toBe(4);
});

test('whatever happens, what ended lets nobody in, and nobody is in whom the room does not count', () => {
  fc.assert(
    fc.property(histories, (steps) => {
      const room = createRoom(START);
      const tokens = noTokens();
      const ended = new Map<string, number>();
      let now = START;
      for (const step of steps) {
        const rules: RoomRules = { mode: 'on', maxActive: step.maxActive, rate: step.rate };
        for (const operation of operationsOf(tokens, step, now)) {
          const { kind, userId, value } = operation;
          const { answers } = runRoom(room, rules, [operation], now);
          const { state, until } = answers[0]!;
          if (kind === 'try' && state === 'admitted') {
            expect(value).toBe(room.admitted.get(userId));
            expect(value).toBeGreaterThan(Math.max(now, ended.get(userId) ?? 0));
          }
          if (state === 'admitted') expect(room.active.score(userId)).toBeGreaterThanOrEqual(until);
          if (kind === 'bought' || kind === 'leave')
            ended.set(userId, Math.max(ended.get(userId) ?? 0, tokens.ends.get(userId) ?? 0));
          keepTokens(tokens, [operation], answers);
          // Two admissions of one person within a millisecond would have one name.
          now += 1;
        }
        now += step.passes;
      }
    }),
    { numRuns: 300 },
  );
});

test('polls are few enough for the general limit, and a far place has time to come back', () => {
  const aQuarterHour = 900_000;
  expect(aQuarterHour / (pollAfter(1) * 0.8)).toBeLessThan(600);
  for (const position of [0, 1, 10, 1000, 9999, 1_000_000]) {
    expect(pollAfter(position)).toBeLessThanOrEqual(pollAfter(position + 1));
    expect(patience(position)).toBeGreaterThan(2 * 1.2 * pollAfter(position));
    expect(pollAfter(position) * 1.2).toBeLessThan(RETURN_MS);
  }
});

test('the estimate goes by who was admitted, and says nothing while nobody was', () => {
  const room = createRoom(START);
  const many = Array.from(
    { length: 300 },
    (_, n): Operation => ({ kind: 'join', userId: `user-${String(n).padStart(3, '0')}`, value: 0 }),
  );
  const rules: RoomRules = { mode: 'on', maxActive: 1000, rate: 5 };
  const first = runRoom(room, { ...rules, maxActive: 1, rate: 1 }, many.slice(0, 1), START);
  expect(estimate(7, { ...first.summary, admittedNow: 0 })).toBe(null);
  runRoom(room, rules, many, START + 1);
  for (let second = 1; second < 20; second += 1) {
    const { summary } = runRoom(room, rules, many, START + second * 1000);
    const seconds = estimate(100, summary) ?? 0;
    if (second > 5) expect(Math.abs(seconds - 20)).toBeLessThanOrEqual(4);
  }
});
