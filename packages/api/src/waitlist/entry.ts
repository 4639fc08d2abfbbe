import type { EntryStatus } from '@evently/db/schema';
import { z } from 'zod';

/** Somebody's place in the waitlist of a show. */
export const entryOutput = z.object({
  id: z.string(),
  showId: z.string(),
  /** Null: any section will do. */
  sectionId: z.string().nullable(),
  quantity: z.int(),
  /**
   * `offered`: places are held for them until the offer ends; then `converted` (booked), `declined` or `lapsed`. `left` by
   * themselves; `closed` with sales.
   */
  status: z.enum(['waiting', 'offered', 'converted', 'declined', 'lapsed', 'left', 'closed']),
  /** 1 for the first of those who wait for the same places; null for those who wait no longer. */
  position: z.int().nullable(),
  joinedAt: z.date(),
  /** Present while there is one: a hold, to be accepted or declined. */
  offer: z.object({ bookingId: z.string(), expiresAt: z.date() }).optional(),
});
export type Entry = z.infer<typeof entryOutput>;

/** What the database says of an entry. */
export interface EntryFacts {
  id: string;
  showId: string;
  userId: string;
  sectionId: string | null;
  quantity: number;
  status: EntryStatus;
  /** Null for those who wait no longer. */
  rank: number | null;
  joinedAt: Date;
  bookingId: string | null;
  /** Of the offer; null when there is none any more. */
  expiresAt: Date | null;
}

/** An entry as its owner sees it. */
export function toEntry({
  id,
  showId,
  sectionId,
  quantity,
  status,
  rank,
  joinedAt,
  bookingId,
  expiresAt,
}: EntryFacts): Entry {
  const isOffered = status === 'offered' && bookingId !== null && expiresAt !== null;
  return {
    id,
    showId,
    sectionId,
    quantity,
    status,
    position: rank,
    joinedAt,
    ...(isOffered ? { offer: { bookingId, expiresAt } } : {}),
  };
}
