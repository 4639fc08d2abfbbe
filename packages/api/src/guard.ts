import type { Role } from '@evently/db/schema';
import type { Actor, Context } from './context.ts';
import { addressKey, userKey } from './limits/callers.ts';
import type { LimitClass } from './limits/limits.ts';
import type { ProcedureMeta, Tier } from './meta.ts';
import { findForbidden } from './plain-input.ts';
import type { Problem } from './problem.ts';

const RANK: Record<Role, number> = { user: 0, staff: 1, admin: 2 };

/**
 * Looks the caller up where a procedure asks for somebody, and says why they may not call it; null when they may, and then
 * the call is counted. Every call of a batch counts for itself.
 */
export async function refuseCaller(ctx: Context, tier: Tier, meta: ProcedureMeta | undefined): Promise<Problem | null> {
  if (tier === 'open') return await refuseOpenCall(ctx, meta?.limit);
  const known = ctx.findKnownActor(tier);
  const refusal = known ? null : refuseLookUp(ctx);
  if (refusal) return refusal;
  const actor = known ?? (await lookUp(ctx, tier === 'user' ? 'lately' : 'now'));
  if (!actor) return refuseNobody(ctx);
  if (RANK[actor.role] < RANK[tier]) return refuseOften(ctx, actor.userId) ?? { code: 'forbidden' };
  ctx.actor = actor;
  return refuseOften(ctx, actor.userId, meta?.limit);
}

/**
 * The same where anybody may call. Nobody is looked up for it, except where strangers have used up what their address may: whoever
 * has a session is counted apart from them.
 */
export async function refuseOpenCall(ctx: Context, limit?: LimitClass): Promise<Problem | null> {
  const owner = ctx.findKnownActor()?.userId ?? ctx.findKnownOwner();
  const refusal = refuseOften(ctx, owner, limit);
  if (refusal === null || owner !== undefined || refuseLookUp(ctx)) return refusal;
  const actor = await lookUp(ctx, 'lately');
  return actor ? refuseOften(ctx, actor.userId, limit) : refusal;
}

/**
 * Whether the database is spared the question who calls. What others at the address do has no part in it, or a whole hall
 * behind one address could keep its staff out; what does are calls of the user whose token it was, and tokens sent from the
 * address that nobody has. Look-ups under way count for nothing yet: they are no more than the calls that were let in.
 */
function refuseLookUp(ctx: Context): Problem | null {
  const owner = ctx.findKnownOwner();
  if (owner === null) return refuseNobody(ctx);
  if (ctx.address === null) return null;
  const retryAfterMs =
    owner === undefined
      ? ctx.limits.isOver('lookup', addressKey(ctx.address))
      : ctx.limits.isOver('general', userKey(owner));
  return retryAfterMs === null ? null : { code: 'too_many_requests', retryAfterMs };
}

async function lookUp(ctx: Context, asOf: 'now' | 'lately'): Promise<Actor | null> {
  const actor = await ctx.findActor(asOf);
  if (!actor && ctx.address !== null) ctx.limits.count('lookup', addressKey(ctx.address));
  return actor;
}

/** Nobody guesses at tokens for free. */
const refuseNobody = (ctx: Context): Problem => refuseOften(ctx, null) ?? { code: 'unauthenticated' };

/** Counts a call: for the user, if it is known who that is, else for the address. */
function refuseOften(ctx: Context, userId: string | null | undefined, limit?: LimitClass): Problem | null {
  if (ctx.address === null) return null;
  const who = userId ? userKey(userId) : addressKey(ctx.address);
  // New accounts are the address's in any case: each of them would be a caller who may open as many again.
  const whoOf = limit === 'register' ? addressKey(ctx.address) : who;
  const retryAfterMs = ctx.limits.count('general', who) || (limit ? ctx.limits.count(limit, whoOf) : 0);
  return retryAfterMs === 0 ? null : { code: 'too_many_requests', retryAfterMs };
}

/** What no input may contain. It is looked at after the caller, since permission comes before input. */
export function refuseRawInput(input: unknown): Problem | null {
  const found = findForbidden(input);
  return found && { code: 'invalid_input', issues: [found] };
}
