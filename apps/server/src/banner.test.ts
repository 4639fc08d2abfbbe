import { stripVTControlCharacters } from 'node:util';
import type { FirstAdmin } from '@evently/api/auth/first-admin';
import { expect, test } from 'vitest';
import * as banner from './banner.ts';
import { readSettings } from './settings.ts';

// Whether there are colours depends on where the tests run; a test of the process holds that a file gets none.
const bannerOf = (of: banner.BannerFacts) => stripVTControlCharacters(banner.bannerOf(of));
const linesOf = (of: FirstAdmin) => stripVTControlCharacters(banner.firstAdminLines(of));

const settings = readSettings({ DATA_DIR: '/srv/evently', PORT: '4000' });
const facts = { url: 'http://127.0.0.1:4000', settings, firstAdmin: null, embedded: true };

test('it names every place, and what to try next works as it stands', () => {
  const text = bannerOf(facts);
  for (const place of ['/docs', '/api/v1', '/trpc', '/health']) expect(text).toContain(facts.url + place);
  expect(text).toContain('/srv/evently (embedded Postgres)');
  expect(text).toContain("curl 'http://127.0.0.1:4000/api/v1/events?limit=3'");
  expect(text).toContain(' EVENTLY_URL=http://127.0.0.1:4000 npx -y pnpm@12.21.0 exec node examples/buy-a-ticket.ts\n');
  const atHome = bannerOf({ ...facts, url: 'http://127.0.0.1:3000' });
  expect(atHome).toContain(' npx -y pnpm@12.21.0 exec node examples/buy-a-ticket.ts\n');
  expect(atHome).not.toContain('EVENTLY_URL');
  expect(bannerOf({ ...facts, embedded: false })).toContain('the Postgres of DATABASE_URL');
});

test('a password that was made up is shown, one that was set is not, and without a new admin there is no word of it', () => {
  expect(linesOf({ email: 'a@example.com', password: 'made up' })).toMatch(
    /^\n {2}Admin +a@example.com\n {2}Password +made up shown this once; change it\n$/,
  );
  expect(bannerOf({ ...facts, firstAdmin: { email: 'a@example.com', password: null } })).toMatch(
    /Admin +a@example.com\n {2}Password +as set in ADMIN_PASSWORD\n/,
  );
  expect(bannerOf(facts)).not.toMatch(/admin|password/i);
});

test('lines stand in groups, one empty line between them', () => {
  for (const firstAdmin of [null, { email: 'a@example.com', password: null }]) {
    expect(bannerOf({ ...facts, firstAdmin })).not.toContain('\n\n\n');
  }
});
