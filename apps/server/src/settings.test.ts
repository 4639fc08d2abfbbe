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
