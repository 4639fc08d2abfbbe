import { expect, test } from 'vitest';
import { readSettings, SettingsError } from './settings.ts';

test('an empty environment is enough', () => {
  expect(readSettings({})).toMatchObject({
    host: '127.0.0.1',
    port: 3000,
    publicUrl: 'http://127.0.0.1:3000',
    demo: true,
  });
});

test('every bad setting gets a line of its own, and passwords are not shown', () => {
  const bad = { PORT: 'http', DATABASE_URL: 'mysql://x', ADMIN_PASSWORD: 'secret', DEMO: 'maybe', LOG_LEVEL: 'loud' };
  const read = () => readSettings(bad);
  expect(read).toThrow(SettingsError);
  const lines = messageOf(read).split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual([
    'DATABASE_URL',
    'PORT',
    'ADMIN_PASSWORD',
    'DEMO',
    'LOG_LEVEL',
  ]);
  expect(lines.join()).not.toContain('secret');
  expect(lines[1]).toBe('PORT must be a whole number from 0 to 65535 (it is "http")');
});

test('a Redis is given by a URL or the path of a socket; a bad one is named, but its password is not shown', () => {
  for (const good of ['redis://localhost', 'rediss://user:password@host:6380/1', '/run/redis/redis.sock']) {
    expect(readSettings({ REDIS_URL: good })).toMatchObject({ redisUrl: good, redis: 'on' });
  }
  expect(readSettings({ REDIS: 'off' })).toMatchObject({ redisUrl: null, redis: 'off' });
  const lines = messageOf(() => readSettings({ REDIS_URL: 'http://user:secret@host', REDIS: 'no' })).split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['REDIS_URL', 'REDIS']);
  expect(lines.join()).not.toContain('secret');
});

test('limits and proxies: nobody is trusted unless named, and limits hold unless they are turned off', () => {
  expect(readSettings({})).toMatchObject({
    role: 'all',
    databaseReadUrl: null,
    trustProxy: null,
    rateLimit: 'on',
    rateLimitGeneral: 1000,
    rateLimitBooking: 30,
    rateLimitLogin: 5,
    rateLimitRegister: 50,
  });
  expect(readSettings({ TRUST_PROXY: 'off', RATE_LIMIT: 'off', RATE_LIMIT_LOGIN: '1000000000' })).toMatchObject({
    trustProxy: null,
    rateLimit: 'off',
    rateLimitLogin: 1e9,
  });
  const names = ['loopback', 'linklocal', 'uniquelocal', '10.0.0.1', '172.16.0.0/12', '2001:db8::1', 'fd00::/8'];
  expect(readSettings({ TRUST_PROXY: names.join(' , ') }).trustProxy).toEqual(names);
});

test.each([
  ...[
    'true',
    '*',
    'on',
    '1',
    'all',
    'localhost',
    'proxy.example.com',
    '10.0.0',
    '010.0.0.1',
    '10.0.0.0/33',
    '10.0.0.1/',
  ],
  ...[
    '10.0.0.0/255.0.0.0',
    '10.0.0.1:80',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/08',
    '2001:db8::/129',
    'fe80::1%eth0',
    'off,::1',
  ],
  ...['10.0.0.1,', ',', 'loopback;10.0.0.1', '10.0.0.1,*', '10.0.0.0/8/8', '10.0.0.0/-1', '10.0.0.0/1e1', 'toString'],
])('TRUST_PROXY "%s" is refused with what it may be', (trusted) => {
  const line = messageOf(() => readSettings({ TRUST_PROXY: trusted }));
  expect(line).toMatch(/^TRUST_PROXY must name the proxies .* \(it is ".*"\)$/);
});

test('limits are whole numbers, and the replica is a Postgres whose password is not shown', () => {
  const bad = { ROLE: 'web', DATABASE_READ_URL: 'mysql://u:secret@h/x', RATE_LIMIT: 'yes', RATE_LIMIT_GENERAL: '0' };
  const worse = { ...bad, RATE_LIMIT_BOOKING: '1.5', RATE_LIMIT_LOGIN: '1000000001', RATE_LIMIT_REGISTER: '-1' };
  const lines = messageOf(() => readSettings(worse)).split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(Object.keys(worse));
  expect(lines.join()).not.toContain('secret');
  expect(lines[0]).toBe('ROLE must be one of all, http, worker (it is "web")');
});

test('a secret is long, never shown, and needed in production where several processes may sign', () => {
  const secret = 'x'.repeat(32);
  const shared = { NODE_ENV: 'production', DATABASE_URL: 'postgres://one/x' };
  expect(readSettings({ SECRET: secret, ...shared }).secret).toBe(secret);
  expect(readSettings({ NODE_ENV: 'production' }).secret).toBe(null);
  expect(messageOf(() => readSettings(shared))).toBe('SECRET must be set in production with a DATABASE_URL');
  expect(messageOf(() => readSettings({ SECRET: 'short secret' }))).toBe('SECRET must have at least 32 characters');
});

test('waiting rooms have a threshold and a rate', () => {
  expect(readSettings({})).toMatchObject({ waitingRoomThreshold: 500, waitingRoomRate: 50 });
  const lines = messageOf(() => readSettings({ WAITING_ROOM_THRESHOLD: '0', WAITING_ROOM_RATE: '1.5' })).split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['WAITING_ROOM_THRESHOLD', 'WAITING_ROOM_RATE']);
});

test('an empty variable counts as absent', () => {
  expect(readSettings({ DATABASE_URL: '', PORT: '' })).toMatchObject({ databaseUrl: null, port: 3000 });
});

test('a pooler for requests leaves migrations and jobs their direct connection', () => {
  const settings = readSettings({ DATABASE_URL: 'postgres://pooler/x', DATABASE_DIRECT_URL: 'postgres://direct/x' });
  expect([settings.databaseUrl, settings.databaseDirectUrl]).toEqual(['postgres://pooler/x', 'postgres://direct/x']);
  expect(readSettings({ DATABASE_URL: 'postgres://one/x' }).databaseDirectUrl).toBe('postgres://one/x');
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error('nothing was thrown');
}
