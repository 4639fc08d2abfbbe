import fc from 'fast-check';
import superjson from 'superjson';
import { expect, test } from 'vitest';
import { serializeOutput } from './wire.ts';

/** What may lie in an output, and what should not, but might. */
const leaf = fc.oneof(
  fc.string(),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(undefined, -0, Number.NaN, new Map([[1, new Date(0)]]), new Set(['x']), 10n, new URL('http://x')),
);
const name = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.constantFrom('a.b', 'a\\b', '0', 'json', 'meta', 'toJSON', 'length'),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(name, tie('tree'), { maxKeys: 4 }),
  ),
}));

test('an output travels as superjson would have sent it', () => {
  fc.assert(
    fc.property(tree, (output) => {
      expect(JSON.parse(JSON.stringify(serializeOutput(output)))).toEqual(
        JSON.parse(JSON.stringify(superjson.serialize(output))),
      );
    }),
    { numRuns: 2000 },
  );
});

test('dates arrive as dates, wherever they are', () => {
  const booking = { at: new Date(5), tickets: [{ at: new Date(6), of: null }, 7], none: {}, empty: [] };
  const sent = serializeOutput(booking);
  expect(sent.json).toBe(booking);
  expect(superjson.deserialize(JSON.parse(JSON.stringify(sent)))).toEqual(booking);
  expect(serializeOutput({ a: [1, 'x', true, null] })).not.toHaveProperty('meta');
});
