import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { bannerOf } from './banner.ts';
import { checkRole } from './database.ts';
import { readSettings } from './settings.ts';

const shared = { DATABASE_URL: 'postgres://localhost/evently' };

test('processes that share the work need a database to share, and are told so in a sentence', () => {
  for (const ROLE of ['http', 'worker']) {
    expect(() => checkRole(readSettings({ ROLE }))).toThrow(/^ROLE is \w+, but there is no DATABASE_URL: .+\.$/);
    expect(() => checkRole(readSettings({ ROLE, ...shared }))).not.toThrow();
  }
  expect(() => checkRole(readSettings({}))).not.toThrow();
});

test('each role says where it is, and what it leaves to others', () => {
  const of = (ROLE: string) => {
    const settings = readSettings({ ROLE, ...shared });
    const facts = { url: 'http://127.0.0.1:4000', settings, firstAdmin: null, embedded: false };
    return stripVTControlCharacters(bannerOf(facts));
  };
  for (const role of ['all', 'http', 'worker']) {
    expect(of(role)).toMatch(/ is open at http:\/\/127.0.0.1:4000\n/);
    expect(of(role)).toContain('http://127.0.0.1:4000/metrics');
  }
  expect(of('http')).toContain('left to processes whose ROLE is worker or all');
  expect(of('all')).not.toContain('left to');
  expect(of('worker')).toContain('works jobs off');
  expect(of('worker')).not.toContain('/api/v1');
});
