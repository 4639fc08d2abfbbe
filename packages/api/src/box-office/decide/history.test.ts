import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashEntry } from './history.ts';

const word = fc.stringMatching(/^[a-zA-Z]{1,8}$/);
const { data } = fc.letrec((tie) => ({
  data: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('data'), { maxLength: 3 }),
    fc.dictionary(word, tie('data'), { maxKeys: 4 }),
  ),
}));

test('an entry is hashed over its canonical JSON (RFC 8785), as anybody can verify', () => {
  fc.assert(
    fc.property(
      fc.dictionary(word, data),
      fc.string(),
      fc.integer({ min: 1 }),
      fc.date({ noInvalidDate: true }),
      (facts, actor, seq, at) => {
        const entry = { bookingId: 'b', seq, type: 'held' as const, actor, at, data: facts, previousHash: '0' };
        const json = canonicalize({ ...entry, at: at.toISOString() }) ?? '';
        expect(hashEntry(entry)).toBe(createHash('sha256').update(json).digest('hex'));
      },
    ),
  );
});
