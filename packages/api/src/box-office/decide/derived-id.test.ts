import { newId, shardOf } from '@evently/db/ids';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { derivedId } from './derived-id.ts';

test('a derived id has the form, the time and the shard of any other, and is the same for the same seed alone', () => {
  const at = fc.date({ min: new Date(0), max: new Date(8e12), noInvalidDate: true });
  fc.assert(
    fc.property(fc.uuid(), fc.nat(4095), at, (seed, shard, now) => {
      const id = derivedId(seed, shard, now);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect([shardOf(id), id.slice(0, 18)]).toEqual([shard, newId(shard, now.getTime()).slice(0, 18)]);
      expect(derivedId(seed, shard, now)).toBe(id);
      expect(derivedId(`${seed} `, shard, now)).not.toBe(id);
    }),
  );
});
