import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@evently/db/ids';
import type { NotificationKind, NotificationRow } from '@evently/db/schema';
import { sql } from 'kysely';
import type { Services } from '../context.ts';
import type { MailFacts } from './mail-facts.ts';
import type { Mail } from './mailer.ts';

/** How many mails are under way at once. */
const MAILS_AT_ONCE = 8;
/** For each moment spent on mails, so many are left to others: mails may come a minute later, a sale may not. */
const RESTS_PER_WORK = { inRush: 30, else: 4 };

/** What a mail can be about: a booking, or somebody's place in a waitlist. */
export interface MailSubject {
  id: string;
  userId: string;
  showId: string;
}

/** A kind of mail. */
export interface MailKind<Subject extends MailSubject> {
  kind: NotificationKind;
  /** @param id the mail's own, the same for every try */
  write: (id: string, about: Subject, facts: MailFacts) => Mail;
}

/**
 * Sends a mail about each to whose it is, whatever happens: one, however often it is asked for. The records of them are
 * written first and say whether the mail went out; a job that comes again sends only what did not.
 *
 * @throws the first failure, after every mail was tried
 */
export async function sendMails<Subject extends MailSubject>(
  services: Services,
  subjects: readonly Subject[],
  mail: MailKind<Subject>,
): Promise<void> {
  if (subjects.length === 0) return;
  const records = await openRecords(services, subjects, mail.kind);
  const facts = await findFacts(services, subjects);
  const open = subjects.filter(({ id }) => records.get(id)?.status === 'pending' && facts.has(id));
  const failures: unknown[] = [];
  for (let next = 0; next < open.length; next += MAILS_AT_ONCE) {
    const began = performance.now();
    const sent: string[] = [];
    const tries = open.slice(next, next + MAILS_AT_ONCE).map(async (about) => {
      const { id } = records.get(about.id)!;
      await sendMail(services, mail.write(id, about, facts.get(about.id)!));
      sent.push(id);
    });
    for (const tried of await Promise.allSettled(tries)) if (tried.status === 'rejected') failures.push(tried.reason);
    await markSent(services, sent);
    const rests = RESTS_PER_WORK[services.boxOffice.isBusy() ? 'inRush' : 'else'];
    await sleep((performance.now() - began) * rests);
  }
  if (failures.length > 0) throw failures[0];
}

type MailRecord = Pick<NotificationRow, 'id' | 'about_id' | 'status'>;

/** The record of each mail, made where there is none yet. */
async function openRecords(
  { db, now }: Services,
  subjects: readonly MailSubject[],
  kind: NotificationKind,
): Promise<Map<string, MailRecord>> {
  // In one order for everybody, so that two jobs about the same do not wait for each other in a circle.
  const sorted = subjects.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const records = await db
    .insertInto('notifications')
    .values(
      sorted.map((about) => ({
        id: newId(),
        kind,
        about_id: about.id,
        user_id: about.userId,
        channel: 'email' as const,
        status: 'pending' as const,
        created_at: now(),
      })),
    )
    // A conflict answers the row that is there.
    .onConflict((conflict) => conflict.columns(['about_id', 'kind', 'user_id', 'channel']).doUpdateSet({ kind }))
    .returning(['id', 'about_id', 'status'])
    .execute();
  return new Map(records.map((record) => [record.about_id, record]));
}

/** Whom the mails go to and which show they are about; nothing for those whose account is gone. */
async function findFacts({ db }: Services, subjects: readonly MailSubject[]): Promise<Map<string, MailFacts>> {
  const { rows } = await sql<MailFacts & { aboutId: string }>`
    SELECT a.id AS "aboutId", u.email, u.name, e.name AS event, v.name AS venue, v.city, v.time_zone AS "timeZone",
      s.starts_at AS "startsAt", s.status = 'cancelled' AS "isCancelled"
    FROM unnest(${subjects.map((a) => a.id)}::uuid[], ${subjects.map((a) => a.userId)}::uuid[],
      ${subjects.map((a) => a.showId)}::uuid[]) AS a (id, user_id, show_id)
    CROSS JOIN LATERAL (SELECT email, name FROM users WHERE id = a.user_id LIMIT 1) AS u
    JOIN shows s ON s.id = a.show_id JOIN events e ON e.id = s.event_id JOIN venues v ON v.id = s.venue_id`.execute(db);
  return new Map(rows.map(({ aboutId, ...facts }) => [aboutId, facts]));
}

async function sendMail({ mailer }: Services, mail: Mail): Promise<void> {
  // Nobody can have an address under this domain (RFC 2606); the rush's made-up buyers do.
  if (!mail.to.endsWith('.invalid')) await mailer.send(mail);
}

async function markSent({ db, now }: Services, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db.updateTable('notifications').set({ status: 'sent', sent_at: now() }).where('id', 'in', ids).execute();
}
