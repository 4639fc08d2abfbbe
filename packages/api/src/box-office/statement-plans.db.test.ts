import { newId, shardOf } from '@evently/db/ids';
import { inTransaction } from '@evently/db/transaction';
import { CompiledQuery, type RawBuilder, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestOffice, createTestShow, seated, standing, type TestOffice, type TestShow } from '../testing.ts';
import { decide } from './decide/decide.ts';
import { bookingsStatement, concernOf, loadStatement, lockAndLoad } from './load.ts';
import { entriesStatement, lineStatement, seatsStatement } from './load-waitlist.ts';
import type { ShowPlan } from './plans.ts';
import type { BoxOfficeRequest } from './requests.ts';
import { claimOf } from './testing-world.ts';
import { writeStatements } from './write.ts';

let office: TestOffice;
let show: TestShow;
let plan: ShowPlan;
let bookingIds: string[];

const ROWS = 100_000;
/** Nobody reads one of these from end to end while a show's lock is held. */
const LARGE = ['bookings', 'tickets', 'booking_events', 'payments', 'waitlist_entries', 'waitlist_events'];

// A sale begins on tables that nobody has analysed, and grows them by the minute: as here.
beforeAll(async () => {
  office = await createTestOffice();
  show = await createTestShow(office.as(await office.actor('admin')), [standing(1_000_000), seated(20, 50)]);
  plan = (await office.services.plans.find(show.showId))!;
  const { db } = office;
  for (const table of LARGE) await sql`ALTER TABLE ${sql.table(table)} SET (autovacuum_enabled = false)`.execute(db);
  const shard = shardOf(show.showId);
  const idOf = (kind: string) => sql`encode(sha256((${kind} || n)::bytea), 'hex')::varchar(32)::uuid`;
  await sql`
    INSERT INTO bookings (id, shard, reference, event_id, show_id, user_id, status, quantity, total, retained, currency,
      expires_at, created_at, idempotency_key, request_hash, version, history_seq, history_hash)
    SELECT ${idOf('booking')}, ${shard}, 'R' || n, ${show.eventId}::uuid, ${show.showId}::uuid, ${idOf('user')},
      CASE WHEN n % 10 = 0 THEN 'held' ELSE 'confirmed' END, 1, 0, 0, 'EUR',
      CASE WHEN n % 10 = 0 THEN now() + interval '1 hour' END, now(), 'key' || n, '', 1, 1, ''
    FROM generate_series(1, ${ROWS}::int) AS n`.execute(db);
  await sql`
    INSERT INTO tickets (id, shard, booking_id, show_id, section_id, price, status)
    SELECT ${idOf('ticket')}, ${shard}, ${idOf('booking')}, ${show.showId}::uuid, ${show.sectionIds[0]}::uuid, 0,
      CASE WHEN n % 10 = 0 THEN 'held' ELSE 'valid' END
    FROM generate_series(1, ${ROWS}::int) AS n`.execute(db);
  // Half of them wait, the other half did; for the floor, for the stalls, or for any.
  const [floor, stalls] = show.sectionIds;
  await sql`
    INSERT INTO waitlist_entries (id, shard, show_id, user_id, section_id, quantity, position, status, joined_at, passed,
      idempotency_key, request_hash, version)
    SELECT ${idOf('entry')}, ${shard}, ${show.showId}::uuid, ${idOf('user')},
      (ARRAY[${floor}::uuid, ${stalls}::uuid, NULL])[1 + n % 3], 2, n, CASE WHEN n % 2 = 0 THEN 'waiting' ELSE 'left' END,
      now(), 0, 'key' || n, '', 1
    FROM generate_series(1, ${ROWS}::int) AS n`.execute(db);
  await sql`
    INSERT INTO waitlist_events (entry_id, seq, shard, type, at, data)
    SELECT ${idOf('entry')}, 1, ${shard}, 'joined', now(), '{}' FROM generate_series(1, ${ROWS}::int) AS n`.execute(db);
  await sql`UPDATE show_inventory SET waiting = ${ROWS / 2}, next_position = ${ROWS + 1}
    WHERE show_id = ${show.showId}`.execute(db);
  await sql`UPDATE show_sections SET held = ${ROWS / 10}, sold = ${ROWS - ROWS / 10}
    WHERE show_id = ${show.showId} AND section_id = ${show.sectionIds[0]}`.execute(db);
  const { rows } = await sql<{ id: string }>`SELECT id FROM bookings WHERE status = 'held' LIMIT 64`.execute(db);
  bookingIds = rows.map(({ id }) => id);
});
afterAll(() => office[Symbol.asyncDispose]());

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: PlanNode[];
}

/** What leads to few rows at once; the show alone leads to all that was ever sold of it. */
const SELECTIVE = /\b(id|booking_id|seat_id|idempotency_key|user_id|expires_at|entry_id)\b/;

/** The large tables of which a statement would read more than it needs. */
async function listScanned(statement: RawBuilder<unknown>): Promise<string[]> {
  const { sql: text, parameters } = statement.compile(office.db);
  // For what it is given now, as behind a pooler, and for whatever it may be given, as where it is kept prepared.
  const plans = [
    CompiledQuery.raw(`EXPLAIN (FORMAT JSON) ${text}`, [...parameters]),
    CompiledQuery.raw(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`),
  ];
  const scanned: string[] = [];
  const walk = (node: PlanNode, parent?: PlanNode) => {
    const table = node['Relation Name'];
    const isSelective = node['Node Type'].includes('Index') && SELECTIVE.test(node['Index Cond'] ?? '');
    // In the order of an index, no more is read than is asked for; and places are saved for hardly anybody.
    const isLimited = parent?.['Node Type'] === 'Limit' && node['Index Name'] === 'waitlist_entries_line';
    const isIndexed = isSelective || isLimited || node['Index Name'] === 'waitlist_entries_saves';
    const isRead = table !== undefined && LARGE.includes(table) && !/Insert|Modify|CTE/.test(node['Node Type']);
    if (isRead && !isIndexed) scanned.push(`${node['Node Type']} of ${table} by ${node['Index Cond']}`);
    for (const child of node.Plans ?? []) walk(child, node);
  };
  for (const explain of plans) {
    const { rows } = await office.db.executeQuery<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(explain);
    walk(rows[0]!['QUERY PLAN'][0]!.Plan);
  }
  return scanned;
}

const wish = (more: object = {}) =>
  claimOf({ kind: 'book', userId: newId(), sections: [{ sectionId: show.sectionIds[0]!, quantity: 1 }], ...more });
const times = <T>(count: number, make: (n: number) => T) => Array.from({ length: count }, (_, n) => make(n));

const batches: [string, () => BoxOfficeRequest[]][] = [
  ['free places, booked in one call', () => times(64, () => wish())],
  ['one buyer alone', () => [wish()]],
  ['seats by name', () => times(64, (n) => wish({ sections: [], seatIds: [show.seatIds[n]!] }))],
  [
    'the best seats of a section',
    () => times(8, () => wish({ sections: [{ sectionId: show.sectionIds[1]!, quantity: 2 }] })),
  ],
  ['holds', () => times(64, () => wish({ kind: 'hold' }))],
  [
    'confirmations',
    () => bookingIds.map((bookingId) => ({ kind: 'confirm', bookingId, userId: newId(), charge: null })),
  ],
  ['releases', () => bookingIds.map((bookingId) => ({ kind: 'release', bookingId, userId: newId() }))],
  ['a sweep', () => [{ kind: 'sweep' }]],
  ['the end of a show for which many wait', () => [{ kind: 'cancel-show', reason: 'Storm', userId: newId() }]],
];

test.each(batches)('%s: no table that grows is read from end to end, nor written so', async (_what, make) => {
  const requests = make();
  const concern = concernOf(plan, requests);
  expect(await listScanned(loadStatement(plan, concern))).toEqual([]);
  expect(await listScanned(bookingsStatement(plan, concern.bookingIds))).toEqual([]);
  const loaded = await inTransaction(office.db, (trx) =>
    lockAndLoad(trx, plan, { take: () => requests, isShared: false }),
  );
  const { inventory, now } = loaded!;
  // As their owners, so that there is something to write.
  const owned = requests.map((request) =>
    'bookingId' in request && 'userId' in request && request.kind !== 'hold' && request.kind !== 'book'
      ? { ...request, userId: inventory.bookings.get(request.bookingId)?.userId ?? '' }
      : request,
  ) as BoxOfficeRequest[];
  const decision = decide(inventory, owned, now);
  for (const statement of writeStatements(plan, decision)) expect(await listScanned(statement)).toEqual([]);
});

test('the texts of what is written depend on its kind alone, so that they can be kept prepared', async () => {
  const textsOf = async (requests: BoxOfficeRequest[]) => {
    const loaded = await inTransaction(office.db, (trx) =>
      lockAndLoad(trx, plan, { take: () => requests, isShared: false }),
    );
    const decision = decide(loaded!.inventory, requests, loaded!.now);
    return writeStatements(plan, decision).map((statement) => statement.compile(office.db).sql);
  };
  const special = wish({ specialRequests: 'A ramp', metadata: { source: 'radio' }, userId: newId() });
  const [alone, many] = [await textsOf([wish()]), await textsOf([...times(20, () => wish()), special])];
  expect(alone.length).toBeGreaterThan(3);
  expect(many).toEqual(alone);
});

test('of a line of any length, as many are read as may be served, in their order, and nothing is sorted', async () => {
  const openings = show.sectionIds.map((sectionId) => ({ sectionId, places: 3 }));
  const concern = { ids: bookingIds, keys: [{ userId: newId(), key: newId() }], userIds: bookingIds };
  expect(await listScanned(entriesStatement(plan, concern))).toEqual([]);
  expect(await listScanned(seatsStatement(plan, show.sectionIds))).toEqual([]);
  for (const isEnding of [false, true])
    expect(await listScanned(lineStatement(plan, { openings, isEnding }))).toEqual([]);
});
