import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newId, SHARD_COUNT, shardOf } from './ids.ts';

test('any id leads back to its shard, and is a UUIDv7 of its millisecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: SHARD_COUNT - 1 }), fc.integer({ min: 0, max: 2 ** 47 }), (shard, now) => {
      const id = newId(shard, now);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(shardOf(id)).toBe(shard);
      expect(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toBe(now);
    }),
  );
});

test('a hundred thousand ids of one millisecond and one shard are all different', () => {
  const ids = new Set(Array.from({ length: 100_000 }, () => newId(7, 1_700_000_000_000)));
  expect(ids.size).toBe(100_000);
});

test('a shard that does not exist is refused', () => {
  for (const shard of [-1, SHARD_COUNT, 1.5, Number.NaN]) expect(() => newId(shard)).toThrow(RangeError);
});
