import type { Trx } from '@evently/db/client';
import { newId, shardOf } from '@evently/db/ids';
import { inTransaction } from '@evently/db/transaction';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, createTestOffice, createTestShow, newKey, standing, type TestOffice } from '../testing.ts';
import { decide } from './decide/decide.ts';
import { lockAndLoad } from './load.ts';
import type { BoxOfficeRequest } from './requests.ts';
import { claimOf } from './testing-world.ts';
import { isStaleWrite, writeStatements } from './write.ts';

let office: TestOffice;
let admin: Caller;

beforeAll(async () => {
  office = await createTestOffice();
  admin = office.as(await office.actor('admin'));
});
afterAll(() => office[Symbol.asyncDispose]());

/** Decides, lets somebody write past the lock, and then writes what was decided. */
async function writeAfter(
  showId: string,
  request: BoxOfficeRequest,
  meanwhile: (trx: Trx) => Promise<unknown>,
): Promise<void> {
  const plan = await office.services.plans.find(showId);
  await inTransaction(office.db, async (trx) => {
    const loaded = await lockAndLoad(trx, plan!, { take: () => [request], isShared: false });
    const decision = decide(loaded!.inventory, [request], loaded!.now);
    await meanwhile(trx);
    for (const statement of writeStatements(plan!, decision)) await statement.execute(trx);
  });
}

test('a decision about a booking that is no longer as it was loaded is not written', async () => {
  const { showId, sectionIds } = await createTestShow(admin, [standing(5)]);
  const actor = await office.actor();
  const sections = [{ sectionId: sectionIds[0]!, quantity: 1 }];
  const { id: bookingId } = await office.as(actor).bookings.hold({ showId, sections, idempotencyKey: newKey() });
  const confirm = { kind: 'confirm' as const, bookingId, userId: actor.userId, charge: null };
  const release = sql`UPDATE bookings SET status = 'released', expires_at = NULL WHERE id = ${bookingId}`;
  await expect(writeAfter(showId, confirm, (trx) => release.execute(trx))).rejects.toSatisfy(isStaleWrite);
  const voided = sql`UPDATE tickets SET status = 'void' WHERE booking_id = ${bookingId}`;
  await expect(writeAfter(showId, confirm, (trx) => voided.execute(trx))).rejects.toSatisfy(isStaleWrite);
  expect((await office.as(actor).bookings.get({ bookingId })).status).toBe('held');
});

test('a booking whose key somebody used in the meantime is not written', async () => {
  const { showId, sectionIds } = await createTestShow(admin, [standing(5)]);
  const { userId } = await office.actor();
  const shard = shardOf(showId);
  const claim = {
    ...claimOf({ kind: 'book', userId, sections: [{ sectionId: sectionIds[0]!, quantity: 1 }] }),
    bookingId: newId(shard),
    ticketIds: [newId(shard)],
  };
  const rival = sql`INSERT INTO bookings (id, shard, reference, event_id, show_id, user_id, status, quantity, total, retained,
      currency, created_at, idempotency_key, request_hash, version, history_seq, history_hash)
    VALUES (${newId(shard)}, ${shard}, 'X', ${newId(shard)}, ${showId}, ${userId}, 'released', 0, 0, 0,
      'EUR', now(), ${claim.idempotencyKey}, '', 1, 1, '')`;
  await expect(writeAfter(showId, claim, (trx) => rival.execute(trx))).rejects.toThrow();
  await expect(writeAfter(showId, claim, async () => undefined)).resolves.toBeUndefined();
});
