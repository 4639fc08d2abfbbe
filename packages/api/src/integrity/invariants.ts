import type { Db } from '@evently/db/client';
import { type RawBuilder, sql } from 'kysely';
import { listHistoryViolations } from './history-fold.ts';
import { lineViolations } from './line-order.ts';

/** A show, with the shard that it shares with all that is sold for it. */
export interface ShowKey {
  showId: string;
  shard: number;
}

/** What must hold of a show at every commit. One place for tests, benchmarks and audits. */
export interface Invariant {
  /** As in the model: I1, I2 … */
  name: string;
  holds: string;
  /** What breaks it, in words; empty when it holds. */
  violations: (db: Db, show: ShowKey) => Promise<string[]>;
}

const LIVE = sql`('held', 'valid', 'used')`;

/** A query that answers a row per violation, with `what` in words. */
const byQuery = (query: (show: ShowKey) => RawBuilder<{ what: string }>) => async (db: Db, show: ShowKey) => {
  const { rows } = await query(show).execute(db);
  return rows.map(({ what }) => what);
};

/** How long after its deadline a hold may still be there: the longest sweep interval there is, and a little. */
const SWEEP_SLACK_SECONDS = 60;

export const invariants: readonly Invariant[] = [
  {
    name: 'I1',
    holds: 'a seat of a show is named by at most one live ticket, and never while it is kept back',
    violations: byQuery(
      ({ showId, shard }) => sql`
      SELECT format('seat %s is named by %s live tickets', seat_id, count(*)) AS what FROM tickets
      WHERE show_id = ${showId} AND shard = ${shard} AND seat_id IS NOT NULL AND status IN ${LIVE}
      GROUP BY seat_id HAVING count(*) > 1
      UNION ALL
      SELECT format('seat %s is kept back and has a live ticket', b.seat_id) FROM blocked_seats b
      JOIN tickets t ON t.show_id = b.show_id AND t.seat_id = b.seat_id AND t.shard = b.shard AND t.status IN ${LIVE}
      WHERE b.show_id = ${showId} AND b.shard = ${shard}`,
    ),
  },
  {
    name: 'I2',
    holds: 'the counters of a section equal the sums over tickets and blocks, and stay within its capacity',
    violations: byQuery(
      ({ showId, shard }) => sql`
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
    ),
  },
  {
    name: 'I3',
    holds:
      'valid and used tickets belong to confirmed bookings, held ones to held or paying ones; quantity and total follow',
    violations: byQuery(
      ({ showId, shard }) => sql`
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
    ),
  },
  {
    name: 'I4',
    holds: 'no hold outlives its deadline by more than the sweep takes, and its places are given back once',
    violations: byQuery(
      ({ showId, shard }) => sql`
      SELECT format('booking %s should have ended at %s', id, expires_at) AS what FROM bookings
      WHERE show_id = ${showId} AND shard = ${shard} AND status = 'held'
        AND expires_at < clock_timestamp() - make_interval(secs => ${SWEEP_SLACK_SECONDS})
      UNION ALL
      SELECT format('booking %s gave its places back %s times', b.id, e.ended) FROM bookings b
      CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE type IN ('released', 'expired')) AS ended,
          count(*) FILTER (WHERE type = 'claimed_again') AS again
        FROM booking_events WHERE booking_id = b.id AND booking_events.shard = b.shard) e
      WHERE b.show_id = ${showId} AND b.shard = ${shard} AND e.ended > 1 + e.again`,
    ),
  },
  {
    name: 'I5',
    holds:
      'what was charged less what was refunded is the price of the tickets that are valid or used, and what was kept',
    violations: byQuery(
      ({ showId, shard }) => sql`
      SELECT format('booking %s was paid %s; its tickets cost %s, %s was kept', b.id, p.paid, t.price, b.retained) AS what
      FROM bookings b JOIN shows s ON s.id = b.show_id
      CROSS JOIN LATERAL (SELECT coalesce(sum(amount) FILTER (WHERE kind = 'charge' AND status = 'succeeded'), 0)
          - coalesce(sum(amount) FILTER (WHERE kind = 'refund' AND status IN ('requested', 'succeeded', 'failed')), 0) AS paid
        FROM payments WHERE booking_id = b.id AND payments.shard = b.shard) p
      CROSS JOIN LATERAL (SELECT coalesce(sum(price), 0) AS price FROM tickets
        WHERE booking_id = b.id AND tickets.shard = b.shard AND status IN ('valid', 'used')) t
      WHERE b.show_id = ${showId} AND b.shard = ${shard}
        AND p.paid <> b.retained + CASE WHEN s.collect_at_door THEN 0 ELSE t.price END`,
    ),
  },
  {
    name: 'I6',
    holds:
      'while somebody who fits waits for a section, only offers take its places; first come, first served among those who fit',
    violations: byQuery((show) => lineViolations(show, SWEEP_SLACK_SECONDS)),
  },
  {
    name: 'I8',
    holds: 'the history of a booking folds to the booking, and its chain of hashes verifies',
    violations: listHistoryViolations,
  },
  {
    name: 'I9',
    holds: 'a key of a user names one booking of a show',
    violations: byQuery(
      ({ showId, shard }) => sql`
      SELECT format('key %s of user %s names %s bookings', idempotency_key, user_id, count(*)) AS what FROM bookings
      WHERE show_id = ${showId} AND shard = ${shard} AND idempotency_key IS NOT NULL
      GROUP BY idempotency_key, user_id HAVING count(*) > 1`,
    ),
  },
];

/** All that is broken in a show, each as `I2: …`; empty when every invariant holds. */
export async function listViolations(db: Db, show: ShowKey): Promise<string[]> {
  const found: string[] = [];
  for (const { name, violations } of invariants) {
    found.push(...(await violations(db, show)).map((what) => `${name}: ${what}`));
  }
  return found;
}
