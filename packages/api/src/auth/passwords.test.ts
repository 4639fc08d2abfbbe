import { expect, test } from 'vitest';
import { createPasswords } from './passwords.ts';

const overloaded = expect.objectContaining({ problem: { code: 'overloaded', retryAfterMs: expect.any(Number) } });

test('a password is kept as argon2id with 19 MiB, two passes and one lane, and with a salt of its own', async () => {
  const passwords = createPasswords();
  const [one, other] = await Promise.all([passwords.hash('correct horse'), passwords.hash('correct horse')]);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(other).not.toBe(one);
  expect(await passwords.verify(one, 'correct horse')).toBe(true);
  expect(await passwords.verify(one, 'correct hors')).toBe(false);
});

test('beyond one at work and two in line: refused as overloaded, until the line is shorter', async () => {
  const passwords = createPasswords({ maxAtOnce: 1, maxWaiting: 2 });
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => passwords.hash('correct horse')));
  expect(results.map(({ status }) => status)).toEqual([...Array(3).fill('fulfilled'), ...Array(2).fill('rejected')]);
  expect(results[3]).toMatchObject({ reason: overloaded });
  expect(await passwords.hash('correct horse')).toContain('$argon2id$');
});

test('nobody has no password, and costs as much as somebody: a turn in the same line', async () => {
  const passwords = createPasswords({ maxAtOnce: 1, maxWaiting: 1 });
  expect(await passwords.verify(null, 'nobody has this password')).toBe(false);
  const atWork = passwords.hash('correct horse');
  const inLine = passwords.verify(null, 'whatever');
  const refused = passwords.verify(null, 'whatever');
  await expect(refused).rejects.toEqual(overloaded);
  expect(await inLine).toBe(false);
  await atWork;
});
