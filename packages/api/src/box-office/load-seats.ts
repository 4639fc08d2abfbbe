import { type RawBuilder, sql } from 'kysely';

/** Which seats a batch asks about. */
export interface SeatConcern {
  seatIds: readonly string[];
  /** Bookings of which it matters whether their seats are taken by others. */
  paidBookingIds: readonly string[];
  /** Seated sections of which all taken seats count. */
  pickedSectionIds: readonly string[];
}

/** What reads which of the seats in question are taken or kept back; nothing when there are none in question. */
export function seatParts(concern: SeatConcern, here: RawBuilder<unknown>): RawBuilder<unknown>[] {
  const taken: RawBuilder<unknown>[] = [];
  const blocked: RawBuilder<unknown>[] = [];
  if (concern.seatIds.length > 0) {
    const named = sql`unnest(${concern.seatIds}::uuid[]) AS s (id)`;
    taken.push(sql`SELECT t.seat_id FROM ${named} CROSS JOIN LATERAL (SELECT seat_id FROM tickets
      WHERE seat_id = s.id AND ${here} AND status IN ('held', 'valid', 'used') LIMIT 1) AS t`);
    blocked.push(sql`SELECT t.seat_id FROM ${named} CROSS JOIN LATERAL (SELECT seat_id FROM blocked_seats
      WHERE seat_id = s.id AND ${here} LIMIT 1) AS t`);
  }
  if (concern.paidBookingIds.length > 0) {
    const theirs = sql`unnest(${concern.paidBookingIds}::uuid[]) AS b (id)
      CROSS JOIN LATERAL (SELECT seat_id FROM tickets WHERE booking_id = b.id AND ${here} AND seat_id IS NOT NULL) AS s`;
    taken.push(sql`SELECT t.seat_id FROM ${theirs} CROSS JOIN LATERAL (SELECT seat_id FROM tickets
      WHERE seat_id = s.seat_id AND ${here} AND status IN ('held', 'valid', 'used') LIMIT 1) AS t`);
    blocked.push(sql`SELECT t.seat_id FROM ${theirs} CROSS JOIN LATERAL (SELECT seat_id FROM blocked_seats
      WHERE seat_id = s.seat_id AND ${here} LIMIT 1) AS t`);
  }
  if (concern.pickedSectionIds.length > 0) {
    const picked = sql`section_id = ANY(${concern.pickedSectionIds}::uuid[])`;
    taken.push(sql`SELECT seat_id FROM tickets
      WHERE ${here} AND ${picked} AND seat_id IS NOT NULL AND status IN ('held', 'valid', 'used')`);
    blocked.push(sql`SELECT seat_id FROM blocked_seats WHERE ${here} AND ${picked}`);
  }
  if (taken.length === 0) return [];
  return [
    sql`(SELECT json_agg(seat_id) FROM (${sql.join(taken, sql` UNION `)}) AS seats) AS taken`,
    sql`(SELECT json_agg(seat_id) FROM (${sql.join(blocked, sql` UNION `)}) AS seats) AS blocked`,
  ];
}
