import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RankedSet } from './ranked-set.ts';

test('thousands of members stand in the order of their scores, whoever comes, moves and goes', () => {
  const step = fc.tuple(fc.nat(2999), fc.nat(400), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { minLength: 3000, maxLength: 6000 }), (steps) => {
      const set = new RankedSet();
      const scores = new Map<string, number>();
      for (const [n, score, goes] of steps) {
        const member = `m${n}`;
        if (goes && score < 100) {
          set.remove(member);
          scores.delete(member);
        } else {
          set.add(member, score);
          scores.set(member, score);
        }
      }
      const sorted = [...scores].sort(([a, s], [b, t]) => s - t || (a < b ? -1 : 1));
      expect(set.upTo(Number.POSITIVE_INFINITY, 1e6)).toEqual(sorted.map(([member]) => member));
      expect(sorted.map(([member]) => set.rank(member))).toEqual(sorted.map((_, rank) => rank));
      expect(set.upTo(200, 50)).toEqual(sorted.slice(0, 50).flatMap(([member, score]) => (score <= 200 ? member : [])));
      expect([set.size, set.first()?.member]).toEqual([scores.size, sorted[0]?.[0]]);
    }),
    { numRuns: 10 },
  );
});
