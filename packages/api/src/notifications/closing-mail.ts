import { type MailFacts, showLines } from './mail-facts.ts';
import type { Mail } from './mailer.ts';

/** @param id the mail's own, the same for every try */
export function writeClosing(id: string, facts: MailFacts): Mail {
  const lines = [
    `Hello ${facts.name},`,
    '',
    facts.isCancelled
      ? 'the show that you were waiting for is cancelled, and its waitlist is closed:'
      : 'sales are over, and so is the waitlist that you were on; no places came back for you:',
    '',
    ...showLines(facts),
    '',
    'There is nothing that you need to do, and nothing was charged.',
    '',
  ];
  const subject = facts.isCancelled ? `Cancelled: ${facts.event}` : `The waitlist is closed: ${facts.event}`;
  return { id, to: facts.email, subject, text: lines.join('\n') };
}
