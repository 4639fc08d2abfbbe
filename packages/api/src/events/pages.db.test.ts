import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, createTestOffice, type TestOffice } from '../testing.ts';
import { createDraft, createShow, createVenue, inDays, type TestVenue } from './testing-events.ts';

let office: TestOffice;
let admin: Caller;
let venue: TestVenue;

beforeAll(async () => {
  office = await createTestOffice();
  admin = office.as(await office.actor('admin'));
  venue = await createVenue(admin);
});
afterAll(() => office[Symbol.asyncDispose]());

/** Few instants for many events, so that most of them share theirs with others. */
async function publishAtRandom(): Promise<void> {
  const eventId = await createDraft(admin);
  await createShow(admin, eventId, venue, { startsAt: inDays(30 + Math.floor(Math.random() * 5)) });
  await admin.admin.events.publish({ eventId });
}

/** More than any list here has; a list that goes round in circles stops here. */
const MAX_PAGES = 200;

type Page = { items: { id: string }[]; nextCursor: string | null };

/** Reads page after page, and lets something happen in between. Answers the ids. */
async function readPages(
  list: (input: { limit: number; cursor?: string }) => Promise<Page>,
  limit: number,
  between: (page: number) => Promise<unknown> = async () => undefined,
): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | null | undefined;
  for (let page = 0; cursor !== null && page < MAX_PAGES; page += 1) {
    const { items, nextCursor } = await list({ limit, ...(cursor ? { cursor } : {}) });
    expect(items.length).toBe(nextCursor === null ? items.length : limit);
    seen.push(...items.map(({ id }) => id));
    cursor = nextCursor;
    await between(page);
  }
  return seen;
}

test.each([1, 4, 7, 100])(
  'by pages of %i nothing repeats and nothing is skipped while events are published, ties included',
  async (limit) => {
    const { list } = office.as(null).events;
    await Promise.all(Array.from({ length: 12 }, publishAtRandom));
    const before = await readPages(list, 100);
    const seen = await readPages(list, limit, async (page) => page < 4 && (await publishAtRandom()));
    expect(new Set(seen).size).toBe(seen.length);
    expect(before.filter((id) => !seen.includes(id))).toEqual([]);
    const after = await readPages(list, 100);
    expect(seen).toEqual(after.filter((id) => seen.includes(id)));
    expect(after.length).toBeGreaterThan(before.length);
  },
);

test('the lists of admins go from the newest to the oldest, page by page, whatever is added meanwhile', async () => {
  const { events, venues } = admin.admin;
  const add = () => Promise.all([createDraft(admin), createVenue(admin)]);
  for (let i = 0; i < 7; i += 1) await add();
  for (const list of [events.list, venues.list]) {
    const before = await readPages(list, 100);
    expect(await readPages(list, 2, async (page) => page < 2 && (await add()))).toEqual(before);
    expect(before).toEqual(before.toSorted().toReversed());
  }
});
