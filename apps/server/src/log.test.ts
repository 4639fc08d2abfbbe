import { expect, test } from 'vitest';
import { createLog } from './log.ts';

/** What a log wrote, as one text. */
function written(log: (logger: ReturnType<typeof createLog>) => void, level = 'trace', isTerminal = false): string {
  let text = '';
  log(
    createLog(level, isTerminal, {
      write: (line) => {
        text += line;
      },
    }),
  );
  return text;
}

const CANARY = 'c4n4ry';
const names = [
  ...['authorization', 'Authorization', 'x-api-key', 'X-Api-Key', 'cookie', 'password', 'current', 'next', 'token'],
  ...['password_hash', 'passwordHash', 'detail'],
];

test.each(names)('%s is blanked, wherever it is', (name) => {
  const secret = { [name]: CANARY };
  const places: object[] = [
    secret,
    { headers: secret },
    { req: { headers: secret } },
    { a: { b: { c: { d: { e: secret } } } } },
    { list: [secret, { deeper: [secret] }] },
    { err: Object.assign(new Error('it failed'), secret) },
    { err: Object.assign(new Error('it failed'), { config: { headers: secret } }) },
    { err: new AggregateError([Object.assign(new Error('one'), secret)], 'both failed') },
    { err: new Error('outer', { cause: Object.assign(new Error('inner'), secret) }) },
    Object.freeze({ frozen: Object.freeze(secret) }),
  ];
  for (const facts of places) {
    const text = written((log) => log.error(facts, 'told'));
    expect(text).not.toContain(CANARY);
    expect(text).toContain('"msg":"told"');
  }
  expect(written((log) => log.error(secret, 'told'), 'trace', true)).not.toContain(CANARY);
});

test('what is no secret stays readable', () => {
  const line = JSON.parse(
    written((log) => log.warn({ status: 503, list: ['a', { b: null }], at: new Date(0), none: undefined }, 'told')),
  );
  expect(line).toMatchObject({ level: 40, status: 503, list: ['a', { b: null }], at: '1970-01-01T00:00:00.000Z' });
});

test('an error is told with its kind, message, code and stack, and those of its causes', () => {
  const cause = new RangeError('the cause');
  const error = Object.assign(new TypeError('the effect', { cause }), { code: '23505' });
  const { err } = JSON.parse(written((log) => log.error({ err: error }, 'told')));
  expect(err).toMatchObject({ type: 'TypeError', message: 'the effect: the cause', code: '23505' });
  expect(err.stack).toMatch(/TypeError: the effect\n.*log\.test\.ts.*caused by: RangeError: the cause/s);
});

test('nothing that is logged can end the process: buffers, sockets, URLs, circles, depths', () => {
  const circle: Record<string, unknown> = { token: CANARY };
  circle.itself = circle;
  let deep: object = { token: CANARY };
  for (let level = 0; level < 1000; level += 1) deep = { deep };
  const packet = Object.assign(new Error('unreadable'), { rawPacket: Buffer.from(`authorization: ${CANARY}`) });
  const odd = [
    { err: packet },
    { body: Buffer.from(CANARY), bytes: new TextEncoder().encode(CANARY) },
    { url: new URL(`postgres://user:${CANARY}@host/db`), map: new Map([['token', CANARY]]) },
    circle,
    deep,
    Object.assign(Object.create(null) as object, { token: CANARY }),
  ];
  for (const facts of odd) {
    const text = written((log) => log.error(facts, 'told'));
    expect(text).toContain('"msg":"told"');
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(Buffer.from(CANARY).join());
  }
  expect(written((log) => log.error({ err: packet }, 'told'))).toContain('"rawPacket":"[Buffer]"');
});

test('the level decides what is written', () => {
  const both = (log: ReturnType<typeof createLog>) => {
    log.debug({}, 'small');
    log.error({}, 'large');
  };
  expect(written(both, 'error').trim().split('\n')).toHaveLength(1);
  expect(written(both, 'silent')).toBe('');
});

test('in a terminal the lines are for people', () => {
  const text = written((log) => log.warn({ status: 503 }, 'told'), 'info', true);
  expect(text).toMatch(/\[\d\d:\d\d:\d\d\].*WARN.*told/);
  expect(text).not.toContain('{"');
});
