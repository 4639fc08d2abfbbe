import { instantInWords } from '../in-words.ts';

/** Whom a mail goes to, and which show it is about. */
export interface MailFacts {
  email: string;
  name: string;
  event: string;
  venue: string;
  city: string;
  timeZone: string;
  startsAt: Date;
  /** The show. */
  isCancelled: boolean;
}

/** What is played, when and where; a line each. */
export const showLines = ({ event, startsAt, timeZone, venue, city }: MailFacts): string[] => [
  event,
  instantInWords(startsAt, timeZone),
  `${venue}, ${city}`,
];
