import type { Db } from '@evently/db/client';
import { type RawBuilder, sql } from 'kysely';

/** What must hold of a show at every commit, as queries that answer what breaks it. One place for tests, benchmarks and audits. */
export interface Invariant {
  /** As in the model: I1, I2 … */
  name: string;
  holds: string;
  /** Answers a row per violation, with `what` in words. */
  violations: (show: { showId: string; shard: number }) => RawBuilder<{ what: string }>;
}

const LIVE = sql`('held', 'valid', 'used')`;

export const invariants: readonly Invariant[] = [
  {
    name: 'I1',
    holds: 'a seat of a show is named by at most one live ticket, and never while it is kept back',
    violations: ({ showId, shard }) => sql`
      SELECT format('seat %s is named by %s live tickets', seat_id, count(*)) AS what FROM tickets
      WHERE show_id = ${showId} AND shard = ${shard} AND seat_id IS NOT NULL AND status IN ${LIVE}
      GROUP BY seat_id HAVING count(*) > 1
      UNION ALL
      SELECT format('seat %s is kept back and has a live ticket', b.seat_id) FROM blocked_seats b
      JOIN tickets t ON t.show_id = b.show_id AND t.seat_id = b.seat_id AND t.shard = b.shard AND t.status IN ${LIVE}
      WHERE b.show_id = ${showId} AND b.shard = ${shard}`,
  },
  {
    name: 'I2',
    holds: 'the counters of a section equal the sums over tickets and blocks, and stay within its capacity',
    violations: ({ showId, shard }) => sql`
      SELECT format('section %s counts %s held, %s sold, %s blocked of %s; there are %s, %s, %s',
        s.section_id, s.held, s.sold, s.blocked, s.capacity, t.held, t.sold, b.blocked) AS what
      FROM show_sections s
      CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE status = 'held') AS held,
          count(*) FILTER (WHERE status IN ('valid', 'used')) AS sold
        FROM tickets WHERE show_id = s.show_id AND section_id = s.section_id AND shard = s.shard) t
      CROSS JOIN LATERAL (SELECT count(*) AS blocked
        FROM blocked_seats WHERE show_id = s.show_id AND section_id = s.section_id AND shard = s.shard) b
      WHERE s.show_id = ${showId} AND s.shard = ${shard} AND (s.held <> t.held OR s.sold <> t.sold
        OR s.blocked <> b.blocked OR s.held + s.sold + s.blocked > s.capacity)`,
  },
  {
    name: 'I3',
    holds:
      'valid and used tickets belong to confirmed bookings, held ones to held or paying ones; quantity and total follow',
    violations: ({ showId, shard }) => sql`
      SELECT format('booking %s is %s: %s tickets at %s, counted as %s at %s', b.id, b.status, t.live, t.price, b.quantity, b.total)
        AS what
      FROM bookings b
      CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE status IN ${LIVE}) AS live,
          coalesce(sum(price) FILTER (WHERE status IN ${LIVE}), 0) AS price,
          count(*) FILTER (WHERE status = 'held') AS held,
          count(*) FILTER (WHERE status IN ('valid', 'used')) AS sold
        FROM tickets WHERE booking_id = b.id AND tickets.shard = b.shard) t
      WHERE b.show_id = ${showId} AND b.shard = ${shard} AND (b.quantity <> t.live OR b.total <> t.price
        OR (t.held > 0 AND b.status NOT IN ('held', 'paying')) OR (t.sold > 0 AND b.status <> 'confirmed'))`,
  },
];

/** All that is broken in a show, each as `I2: …`; empty when every invariant holds. */
export async function listViolations(db: Db, show: { showId: string; shard: number }): Promise<string[]> {
  const found: string[] = [];
  for (const { name, violations } of invariants) {
    const { rows } = await violations(show).execute(db);
    found.push(...rows.map(({ what }) => `${name}: ${what}`));
  }
  return found;
}
