import { newId, shardOf } from '@evently/db/ids';
import type { UserContext } from '../context.ts';
import { hashRequest } from '../idempotency.ts';
import { ProblemError } from '../problem.ts';
import type { Entry } from './entry.ts';
import { findEntry } from './find-entries.ts';

export interface Joining {
  showId: string;
  /** Absent: any section will do. */
  sectionId?: string | undefined;
  quantity: number;
  idempotencyKey: string;
}

/**
 * Takes a place in the waitlist of a show. From then on, what becomes free is offered to those who wait, in their order.
 *
 * @throws `not_found`, `invalid_input` (a section that is not the show's), `idempotency_mismatch`, `limit_exceeded`,
 * `already_waiting`, `not_on_sale`, `invalid_state` (enough is on sale), `overloaded`
 */
export async function joinWaitlist(ctx: UserContext, joining: Joining): Promise<Entry> {
  const { idempotencyKey, ...request } = joining;
  const { showId, sectionId = null, quantity } = joining;
  const { userId } = ctx.actor;
  const answer = await ctx.boxOffice.submit(showId, {
    kind: 'join',
    userId,
    entryId: newId(shardOf(showId)),
    sectionId,
    quantity,
    idempotencyKey,
    requestHash: hashRequest({ kind: 'join', ...request }),
  });
  if ('problem' in answer) throw new ProblemError(answer.problem);
  if (!('entry' in answer)) throw new Error('joining a waitlist led to no entry');
  return await findEntry(ctx.db, answer.entry.id, userId);
}
