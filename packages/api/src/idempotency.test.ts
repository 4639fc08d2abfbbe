import { expect, test } from 'vitest';
import { hashRequest } from './idempotency.ts';

test('a request is the same however its fields are ordered and whether what is absent is named', () => {
  const hash = hashRequest({ a: 1, b: { c: [1, 2], d: 'é' } });
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(hashRequest({ b: { d: 'é', c: [1, 2] }, a: 1, e: undefined })).toBe(hash);
});

test.each([[{ a: 2 }], [{ a: '1' }], [{ a: 1, b: null }], [{ b: 1 }], [[1]], [undefined]])(
  '%j is another request than {"a":1}',
  (request) => {
    expect(hashRequest(request)).not.toBe(hashRequest({ a: 1 }));
  },
);

test('a list in another order is another request', () => {
  expect(hashRequest({ a: [1, 2] })).not.toBe(hashRequest({ a: [2, 1] }));
});
