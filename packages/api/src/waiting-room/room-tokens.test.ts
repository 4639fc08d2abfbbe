import { expect, test } from 'vitest';
import { createRoomTokens } from './room-tokens.ts';

const NOW = 1_790_000_000_000;
const bearer = { userId: 'ada', showId: 'show' };

test('a token says what was signed, to its bearer, for as long as it lasts', async () => {
  const tokens = createRoomTokens('secret');
  const place = await tokens.signPlace(bearer, 1_790_000_000_123_456, NOW);
  const admission = await tokens.signAdmission(bearer, NOW + 300_000);
  expect(await tokens.readPlace(bearer, place, NOW + 29 * 60_000)).toBe(1_790_000_000_123_456);
  expect(await tokens.readAdmission(bearer, admission, NOW + 299_000)).toBe(NOW + 300_000);
  expect(await tokens.readPlace(bearer, place, NOW + 31 * 60_000)).toBe(0);
  expect(await tokens.readAdmission(bearer, admission, NOW + 310_000)).toBe(0);
});

test('it says nothing to anybody else, at another show, of another kind, of another secret, or when it is changed', async () => {
  const tokens = createRoomTokens('secret');
  const place = await tokens.signPlace(bearer, 7, NOW);
  const admission = await tokens.signAdmission(bearer, NOW + 300_000);
  const [head, body, signature] = admission.split('.') as [string, string, string];
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const longer = Buffer.from(JSON.stringify({ ...JSON.parse(atob(body)), value: NOW + 900_000 })).toString('base64url');
  const found = await Promise.all([
    tokens.readAdmission({ ...bearer, userId: 'eve' }, admission, NOW),
    tokens.readAdmission({ ...bearer, showId: 'other' }, admission, NOW),
    tokens.readAdmission(bearer, place, NOW),
    tokens.readPlace(bearer, admission, NOW),
    createRoomTokens('another').readAdmission(bearer, admission, NOW),
    tokens.readAdmission(bearer, `${head}.${longer}.${signature}`, NOW),
    tokens.readAdmission(bearer, `${none}.${body}.`, NOW),
    tokens.readAdmission(bearer, `${none}.${body}.${signature}`, NOW),
    tokens.readAdmission(bearer, 'a.b.c', NOW),
  ]);
  expect(found).toEqual(found.map(() => 0));
});
