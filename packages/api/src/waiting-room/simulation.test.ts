import { expect, test } from 'vitest';
import { createRoom, runRoom } from './room.ts';
import { type Answer, jittered, type Operation, pollAfter, type RoomRules } from './room-rules.ts';

const PEOPLE = 10_000;
const rules: RoomRules = { mode: 'on', maxActive: 800, rate: 120 };
const START = 1_790_000_000_000;

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What comes to pass, by its millisecond: a calendar, since there are hundreds of thousands of appointments. */
function createCalendar() {
  const days = new Map<number, (() => void)[]>();
  let left = 0;
  return {
    add(at: number, what: () => void) {
      left += 1;
      const day = days.get(at);
      if (day) day.push(what);
      else days.set(at, [what]);
    },
    run(from: number, turn: (now: number) => void) {
      for (let now = from; left > 0; now += 1) {
        const day = days.get(now);
        if (!day) continue;
        days.delete(now);
        turn(now);
        for (const what of day) what();
        left -= day.length;
      }
    },
  };
}

test.each([1, 2, 3])(
  '10,000 come at once (seed %i): in order, at the rate, never too many; who is gone is not waited for',
  { timeout: 60_000 },
  (seed) => {
    const random = randomOf(seed);
    const room = createRoom(START);
    const calendar = createCalendar();
    let now = START;
    const admitted: { userId: string; place: number; at: number }[] = [];
    const places = new Map<string, number>();
    const names = new Set<string>();
    const givenTwice = 0;
    let mostActive = 0;
    let slowest = 0;

    const visit = (kind: Operation['kind'], userId: string): Answer => {
      const { answers, summary } = runRoom(room, rules, [{ kind, userId, value: 0 }], now);
      mostActive = Math.max(mostActive, summary.active);
      return answers[0]!;
    };
    /** Polls as told; some never come back, some leave, most buy after a while. */
    const poll = (userId: string, kind: 'join' | 'status') => {
      const { state, position, place, until } = visit(kind, userId);
      if (state === 'queued') {
        places.set(userId, place);
        const fate = random();
        if (fate < 0.02) return;
        if (fate < 0.04) return void visit('leave', userId);
        calendar.add(now + jittered(pollAfter(position), random()), () => poll(userId, 'status'));
        return;
      }
      if (state !== 'admitted') return;
      expect(names.has(`${userId} ${until}`)).toBe(false);
      names.add(`${userId} ${until}`);
      admitted.push({ userId, place: places.get(userId) ?? 0, at: until });
      const fate = random();
      if (fate > 0.01) calendar.add(now + 1000 + Math.floor(random() * 8000), () => visit('bought', userId));
    };
    for (let n = 0; n < PEOPLE; n += 1) {
      calendar.add(START + Math.floor(random() * 3000), () => poll(`user-${n}`, 'join'));
    }
    calendar.run(START, (at) => {
      now = at;
      const first = room.beats.first();
      if (first) slowest = Math.max(slowest, now - first.score);
    });

    // Admissions are named by when they end, so that the order of the names is the order in which they were given.
    const queued = admitted.filter(({ place }) => place > 0).sort((a, b) => a.at - b.at || a.place - b.place);
    expect(queued.length).toBeGreaterThan(PEOPLE / 2);
    const overtaken = queued.filter(({ place }, index) => index > 0 && place <= queued[index - 1]!.place);
    expect({ overtaken, givenTwice }).toEqual({ overtaken: [], givenTwice: 0 });
    const perSecond = new Map<number, number>();
    for (const { at } of admitted)
      perSecond.set(Math.floor(at / 1000), (perSecond.get(Math.floor(at / 1000)) ?? 0) + 1);
    expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(rules.rate);
    expect(Math.max(...perSecond.values())).toBeGreaterThan(rules.rate * 0.9);
    expect(mostActive).toBe(rules.maxActive);
    // Whoever stopped asking is out of the line as soon as anybody asks after their time.
    expect(slowest).toBeLessThan(1000);
    expect(room.queue.size).toBe(room.beats.size);
  },
);
