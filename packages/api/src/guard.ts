import type { Role } from '@evently/db/schema';
import type { Actor, Context } from './context.ts';
import { addressKey, userKey } from './limits/callers.ts';
import type { ProcedureMeta, Tier } from './meta.ts';
import { findForbidden } from './plain-input.ts';
import type { Problem } from './problem.ts';

const RANK: Record<Role, number> = { user: 0, staff: 1, admin: 2 };

/**
 * Looks the caller up where a procedure asks for somebody, and says why they may not call it; null when they may, and then
 * the call is counted. Every call of a batch counts for itself.
 */
export async function refuseCaller(ctx: Context, tier: Tier, meta: ProcedureMeta | undefined): Promise<Problem | null> {
  if (tier === 'open') return refuseOften(ctx, ctx.findKnownActor(), meta);
  const actor = ctx.findKnownActor(tier) ?? (await lookUp(ctx, tier));
  // Nobody guesses at tokens for free.
  if (!actor) return refuseOften(ctx, null, undefined) ?? { code: 'unauthenticated' };
  if (RANK[actor.role] < RANK[tier]) return refuseOften(ctx, actor, undefined) ?? { code: 'forbidden' };
  ctx.actor = actor;
  return refuseOften(ctx, actor, meta);
}

/** Whoever has used up what their address may, is not looked up in the database any more. */
async function lookUp(ctx: Context, tier: Tier): Promise<Actor | null> {
  if (ctx.address !== null && ctx.limits.isOver('general', addressKey(ctx.address)) !== null) return null;
  return await ctx.findActor(tier === 'user' ? 'lately' : 'now');
}

/** The same for a call of an open procedure that is answered without running it. */
export const refuseKeptCall = (ctx: Context): Problem | null => refuseOften(ctx, ctx.findKnownActor(), undefined);

/** Counts a call: for the user, if it is known who that is, else for the address. */
function refuseOften(ctx: Context, actor: Actor | null | undefined, meta: ProcedureMeta | undefined): Problem | null {
  if (ctx.address === null) return null;
  const who = actor ? userKey(actor.userId) : addressKey(ctx.address);
  const retryAfterMs = ctx.limits.count('general', who) || (meta?.limit ? ctx.limits.count(meta.limit, who) : 0);
  return retryAfterMs === 0 ? null : { code: 'too_many_requests', retryAfterMs };
}

/** What no input may contain. It is looked at after the caller, since permission comes before input. */
export function refuseRawInput(input: unknown): Problem | null {
  const found = findForbidden(input);
  return found && { code: 'invalid_input', issues: [found] };
}
