/**
 * An internal script: calls procedures in this process, without the network, acting as an admin. It prints how each
 * show to come sells.
 *
 *     DATABASE_URL=… ADMIN_EMAIL=admin@evently.local node examples/list-sales.ts
 *
 * `pnpm evently doctor` prints the address of the embedded Postgres while a server runs.
 */
import { openScriptOffice } from '@evently/api/script';

const databaseUrl = process.env.DATABASE_URL;
if (!databaseUrl) throw new Error('Set DATABASE_URL to the database of the office.');

await using office = await openScriptOffice({ databaseUrl, actAs: process.env.ADMIN_EMAIL ?? 'admin@evently.local' });

let cursor: string | undefined;
do {
  const page = await office.call.admin.events.list({ status: 'published', limit: 100, ...(cursor ? { cursor } : {}) });
  for (const { id } of page.items) {
    const event = await office.call.admin.events.get({ eventId: id });
    for (const show of event.shows) {
      const capacity = show.sections.reduce((sum, section) => sum + section.capacity, 0);
      const available = show.sections.reduce((sum, section) => sum + section.available, 0);
      const when = show.startsAt.toLocaleString('en-GB', { timeZone: show.venue.timeZone });
      console.log(`${capacity - available}/${capacity}  ${event.name}, ${show.venue.city}, ${when}`);
    }
  }
  cursor = page.nextCursor ?? undefined;
} while (cursor);
