/** Those who wait, as `write-waitlist.ts` has them written. */
import type { Changes, EntryState } from '../box-office/inventory.ts';
import { waitingBy } from '../box-office/write-waitlist.ts';
import type { Ledger } from './ledger.ts';
import { wall } from './wall.ts';

const isLive = ({ status }: EntryState) => status === 'waiting' || status === 'offered';

/** What changed goes first: who gave up their place may join again at once. @throws WallHit */
export function writeEntries(ledger: Ledger, changes: Changes): void {
  const { entries } = ledger;
  for (const { entry, from } of changes.changedEntries) {
    const before = entries.get(entry.id);
    wall(before?.status === from, `entry ${entry.id} is ${before?.status}, not ${from}`);
    const { status, bookingId, passed, saves, version } = entry;
    insert(ledger, { ...before, status, bookingId, passed, saves, version });
  }
  for (const entry of changes.newEntries) {
    wall(!entries.has(entry.id), `entry ${entry.id} exists`);
    insert(ledger, entry);
  }
  for (const event of changes.entryEvents) {
    wall((entries.get(event.entryId)?.version ?? 0) >= event.seq, `entry ${event.entryId} knows no event ${event.seq}`);
    ledger.entryEvents.push(event);
  }
  ledger.waiting += waitingBy(changes);
  ledger.nextPosition += changes.newEntries.length;
}

function insert(ledger: Ledger, entry: EntryState): void {
  const { id, status, bookingId, saves } = entry;
  wall(
    (bookingId === null) === ['waiting', 'left', 'closed'].includes(status),
    `entry ${id} is ${status} with ${bookingId}`,
  );
  wall(saves === null || status === 'waiting', `something is saved for entry ${id}, which is ${status}`);
  for (const other of ledger.entries.values()) {
    if (other.id === id) continue;
    const isSameKey = other.userId === entry.userId && other.idempotencyKey === entry.idempotencyKey;
    wall(!isSameKey, `the key of entry ${id} exists`);
    wall(other.position !== entry.position, `entries ${id} and ${other.id} stand in one place`);
    const isTwice = other.userId === entry.userId && isLive(other) && isLive(entry);
    wall(!isTwice, `entries ${id} and ${other.id} are of one user`);
  }
  ledger.entries.set(id, entry);
}
