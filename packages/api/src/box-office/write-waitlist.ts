import { type RawBuilder, sql } from 'kysely';
import type { Changes, EntryChange, EntryEvent, EntryState } from './inventory.ts';
import { type Column, inserted, joined } from './sent-rows.ts';

/** How many more wait after a batch than before. */
export function waitingBy({ newEntries, changedEntries }: Pick<Changes, 'newEntries' | 'changedEntries'>): number {
  const joining = newEntries.filter(({ status }) => status === 'waiting').length;
  return joining - changedEntries.filter(({ entry, from }) => from === 'waiting' && entry.status !== 'waiting').length;
}

/** What an entry may still become, as columns. */
const PROGRESS: readonly Column<EntryState>[] = [
  ['status', 'text', (e) => e.status],
  ['booking_id', 'uuid', (e) => e.bookingId],
  ['passed', 'int', (e) => e.passed],
  ['saves_section_id', 'uuid', (e) => e.saves?.sectionId ?? null],
  ['saves_until', 'timestamptz', (e) => e.saves?.until ?? null],
  ['version', 'int', (e) => e.version],
];

export const newEntriesPart = (
  { showId, shard }: { showId: string; shard: number },
  rows: readonly EntryState[],
): RawBuilder<unknown> => sql`
  INSERT INTO waitlist_entries ${inserted(
    rows,
    [
      ['id', 'uuid', (e) => e.id],
      ['user_id', 'uuid', (e) => e.userId],
      ['section_id', 'uuid', (e) => e.sectionId],
      ['quantity', 'int', (e) => e.quantity],
      ['position', 'bigint', (e) => e.position],
      ['joined_at', 'timestamptz', (e) => e.joinedAt],
      ['idempotency_key', 'text', (e) => e.idempotencyKey],
      ['request_hash', 'text', (e) => e.requestHash],
      ...PROGRESS,
    ],
    [
      ['shard', 'smallint', { all: shard }],
      ['show_id', 'uuid', { all: showId }],
    ],
  )}
  ON CONFLICT DO NOTHING`;

export const changedEntriesPart = (
  { shard }: { shard: number },
  rows: readonly EntryChange[],
): RawBuilder<unknown> => sql`
  UPDATE waitlist_entries SET status = c.status, booking_id = c.booking_id, passed = c.passed,
    saves_section_id = c.saves_section_id, saves_until = c.saves_until, version = c.version
  FROM ${joined(rows, [
    ['id', 'uuid', ({ entry }) => entry.id],
    ['was', 'text', ({ from }) => from],
    ...PROGRESS.map(([name, type, read]): Column<EntryChange> => [name, type, ({ entry }) => read(entry)]),
  ])}
  WHERE waitlist_entries.id = c.id AND shard = ${shard} AND waitlist_entries.status = c.was`;

export const entryEventsPart = ({ shard }: { shard: number }, rows: readonly EntryEvent[]): RawBuilder<unknown> => sql`
  INSERT INTO waitlist_events ${inserted(
    rows,
    [
      ['entry_id', 'uuid', (e) => e.entryId],
      ['seq', 'int', (e) => e.seq],
      ['type', 'text', (e) => e.type],
      ['at', 'timestamptz', (e) => e.at],
      ['data', 'jsonb', (e) => JSON.stringify(e.data)],
    ],
    [['shard', 'smallint', { all: shard }]],
  )}`;
