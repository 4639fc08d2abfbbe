import { type Invariant, invariants, type ShowKey } from '@evently/api/integrity/invariants';
import type { Db } from '@evently/db/client';
import { sql } from 'kysely';
import type { RushShow } from './floor.ts';
import type { RaceResult } from './race.ts';
import type { Sale, Tally } from './tally.ts';

/** Something that must hold, and what breaks it. */
export interface Finding {
  /** As the model calls it; empty for what only a rush can know. */
  name: Invariant['name'] | '';
  holds: string;
  violations: string[];
}

/** Every invariant, as the database tells it, and the journal of the clients held against the database. */
export async function audit(
  db: Db,
  key: ShowKey,
  show: RushShow,
  { tally, states }: Pick<RaceResult, 'tally' | 'states'>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, holds, violations } of invariants) {
    findings.push({ name, holds, violations: await violations(db, key) });
  }
  const stored = await listStoredSales(db, key);
  findings.push(
    {
      name: '',
      holds: 'no two buyers were told that they have the same seat',
      violations: listSeatsToldTwice(tally.sales),
    },
    {
      name: '',
      holds: 'every sale that a buyer was told of is in the database, ticket by ticket',
      violations: listMissing(tally.sales, stored),
    },
    findUntold(tally, stored),
    {
      name: '',
      holds: 'the public map shows what was sold, and the rest as free',
      violations: compareMap(tally, show, states),
    },
  );
  return findings;
}

/** What a booking is, for comparing: equal when and only when all of it is. */
const spell = ({ userId, total, tickets }: Sale): string =>
  [userId, total, ...tickets.map((ticket) => Object.values(ticket).join(' ')).sort()].join(', ');

async function listStoredSales(db: Db, { showId, shard }: ShowKey): Promise<Map<string, Sale>> {
  const { rows } = await sql<Sale>`
    SELECT b.id AS "bookingId", b.user_id AS "userId", b.total,
      (SELECT coalesce(json_agg(json_build_object('id', id, 'sectionId', section_id, 'seatId', seat_id, 'price', price)), '[]')
        FROM tickets WHERE booking_id = b.id AND tickets.shard = b.shard AND status IN ('valid', 'used')) AS tickets
    FROM bookings b WHERE b.show_id = ${showId} AND b.shard = ${shard} AND b.status = 'confirmed'`.execute(db);
  return new Map(rows.map((row) => [row.bookingId, row]));
}

function listSeatsToldTwice(sales: readonly Sale[]): string[] {
  const owners = new Map<string, string>();
  const found: string[] = [];
  for (const { bookingId, tickets } of sales) {
    for (const { seatId } of tickets) {
      if (seatId === null) continue;
      const owner = owners.get(seatId);
      if (owner !== undefined) found.push(`seat ${seatId} was sold in booking ${owner} and in booking ${bookingId}`);
      owners.set(seatId, bookingId);
    }
  }
  return found;
}

function listMissing(sales: readonly Sale[], stored: ReadonlyMap<string, Sale>): string[] {
  return sales.flatMap((sale) => {
    const row = stored.get(sale.bookingId);
    if (!row) return [`booking ${sale.bookingId} is not there, or not confirmed`];
    return spell(row) === spell(sale) ? [] : [`booking ${sale.bookingId} is another than the one that was told`];
  });
}

/** Where an answer was lost on its way, nobody could be told; the tally counts that among its errors. */
function findUntold({ sales, unanswered }: Tally, stored: ReadonlyMap<string, Sale>): Finding {
  const told = new Set(sales.map(({ bookingId }) => bookingId));
  const untold = [...stored.values()].filter(({ bookingId }) => !told.has(bookingId));
  const lost = untold.filter(({ userId }) => unanswered.has(userId));
  const holds = 'every sale in the database is one that its buyer was told of';
  return {
    name: '',
    holds: lost.length === 0 ? holds : `${holds}, or would have been, had the answer arrived (${lost.length})`,
    violations: untold
      .filter(({ userId }) => !unanswered.has(userId))
      .map(({ bookingId }) => `booking ${bookingId} was sold, but nobody was told`),
  };
}

function compareMap({ sales }: Tally, show: RushShow, states: RaceResult['states']): string[] {
  if (states === null) return ['nobody could read the map when all was over'];
  const tickets = sales.flatMap((sale) => sale.tickets);
  const seats = tickets.filter(({ seatId }) => seatId !== null).length;
  const places = tickets.length - seats;
  const free = states.sections.reduce((sum, { available }) => sum + available, 0);
  const booked = states.states.split('b').length - 1;
  const found: string[] = [];
  if (booked !== seats) found.push(`the map shows ${booked} seats as sold; buyers have ${seats}`);
  if (free + tickets.length !== show.capacity) {
    found.push(`${tickets.length} sold (${places} of them to stand) and ${free} free are not ${show.capacity} places`);
  }
  return found;
}
