import type { Services } from '../context.ts';
import { writeClosing } from './closing-mail.ts';
import { sendMails } from './send-mails.ts';

/**
 * Tells those who waited that they wait no longer, since the show is cancelled or its sales are over.
 *
 * @param entryIds of the waitlist
 * @throws as `sendMails`
 */
export async function sendClosings(services: Services, entryIds: readonly string[]): Promise<void> {
  const entries = await services.db
    .selectFrom('waitlist_entries')
    .select(['id', 'user_id as userId', 'show_id as showId'])
    .where('id', 'in', entryIds)
    .where('status', '=', 'closed')
    .execute();
  await sendMails(services, entries, { kind: 'waitlist_closed', write: (id, _, facts) => writeClosing(id, facts) });
}
