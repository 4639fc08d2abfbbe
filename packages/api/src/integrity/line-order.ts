import { type RawBuilder, sql } from 'kysely';
import type { ShowKey } from './invariants.ts';

/**
 * What is wrong with the waitlist of a show: somebody waits for what is free, somebody was served before their turn without a
 * reason on record, or what is kept about the line disagrees with it. A row per violation, with `what` in words.
 *
 * @param slackSeconds how long after sales opened the first offers may be missing: as long as a sweep takes
 */
export function lineViolations({ showId, shard }: ShowKey, slackSeconds: number): RawBuilder<{ what: string }> {
  const here = sql`e.show_id = ${showId} AND e.shard = ${shard}`;
  return sql`
    WITH line AS MATERIALIZED (
      SELECT e.id, e.position, e.quantity, e.section_id, e.status, e.version, e.user_id, e.booking_id, e.saves_section_id,
        told.left_at, told.events
      FROM waitlist_entries e
      CROSS JOIN LATERAL (SELECT count(*) AS events, min(at) FILTER (WHERE type IN ('offered', 'left', 'closed')) AS left_at
        FROM waitlist_events WHERE entry_id = e.id AND waitlist_events.shard = e.shard) AS told
      WHERE ${here}
    ), offers AS MATERIALIZED (
      SELECT line.id, line.position, line.quantity, o.at, (o.data->>'sectionId')::uuid AS section_id,
        (o.data->'passedEntryIds'->>0)::uuid AS passed_id
      FROM line JOIN waitlist_events o ON o.entry_id = line.id AND o.shard = ${shard} AND o.type = 'offered'
    )
    SELECT format('entry %s waits for %s places, and section %s has %s', line.id, line.quantity, e.section_id,
        e.capacity - held - sold - blocked) AS what
    FROM line JOIN show_sections e ON ${here} AND e.section_id = coalesce(line.section_id, e.section_id)
    JOIN shows s ON s.id = e.show_id JOIN events ON events.id = s.event_id
    WHERE line.status = 'waiting' AND line.quantity <= e.capacity - held - sold - blocked
      AND (NOT e.saved OR line.saves_section_id = e.section_id)
      AND s.status = 'scheduled' AND events.status = 'published' AND coalesce(s.sales_close_at, s.starts_at) > clock_timestamp()
      AND coalesce(s.sales_open_at, events.published_at) < clock_timestamp() - make_interval(secs => ${slackSeconds})
    UNION ALL
    SELECT format('entry %s was offered places before entry %s, for which there is no reason', o.id, before.id) FROM offers o
    CROSS JOIN LATERAL (SELECT id FROM line
      WHERE position < o.position AND coalesce(section_id, o.section_id) = o.section_id
        AND coalesce(left_at > o.at, true) AND (quantity <= o.quantity OR o.passed_id IS NULL) LIMIT 1) AS before
    UNION ALL
    SELECT format('entry %s was passed by entry %s, and nothing tells of it', o.passed_id, o.id) FROM offers o
    WHERE o.passed_id IS NOT NULL AND NOT EXISTS (SELECT FROM waitlist_events p WHERE p.entry_id = o.passed_id
      AND p.shard = ${shard} AND p.type = 'passed' AND p.data->>'servedEntryId' = o.id::text)
    UNION ALL
    SELECT format('entry %s is at version %s after %s events', id, version, events) FROM line WHERE version <> events
    UNION ALL
    SELECT format('entry %s is %s, its booking %s', line.id, line.status, coalesce(b.status, 'missing')) FROM line
    LEFT JOIN bookings b ON b.id = line.booking_id AND b.shard = ${shard} AND b.entry_id = line.id AND b.user_id = line.user_id
    WHERE line.booking_id IS NOT NULL AND (b.id IS NULL OR (line.status = 'offered') <> (b.status IN ('held', 'paying'))
      OR (line.status = 'converted' AND b.status NOT IN ('confirmed', 'cancelled')))
    UNION ALL
    SELECT format('section %s is saved: %s; that many wait for it: %s', e.section_id, e.saved, waits.for_it) FROM show_sections e
    CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE saves_section_id = e.section_id) AS for_it,
        count(*) FILTER (WHERE coalesce(section_id, e.section_id) = e.section_id
          AND quantity <= e.capacity - held - sold - blocked) AS fitting
      FROM line WHERE status = 'waiting') AS waits
    WHERE ${here} AND CASE WHEN e.saved THEN waits.for_it = 0 AND waits.fitting = 0 ELSE waits.for_it > 0 END
    UNION ALL
    SELECT format('%s wait, counted as %s', waits.count, e.waiting) FROM show_inventory e
    CROSS JOIN LATERAL (SELECT count(*) FROM line WHERE status = 'waiting') AS waits
    WHERE ${here} AND e.waiting <> waits.count`;
}
