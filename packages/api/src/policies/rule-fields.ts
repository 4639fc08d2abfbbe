import { z } from 'zod';
import { amount } from '../fields.ts';

const MAX_HOURS = 24 * 366;
/** More than anybody reads before buying. */
const MAX_RULES = 20;

const rule = z.strictObject({
  /** Until so many hours before the show. */
  hoursBefore: z.int().min(0).max(MAX_HOURS),
  /** So much of the price of a ticket is returned. */
  refundPercent: z.int().min(0).max(100),
  /** Less this, per ticket, in minor units of the show's currency. */
  feeAmount: amount,
});

/** The rules of a policy, in any order; none: nothing is ever returned. */
export const ruleFields = z.array(rule).max(MAX_RULES).superRefine(refuseSameHours);

function refuseSameHours(rules: readonly { hoursBefore: number }[], check: z.RefinementCtx): void {
  const seen = new Set<number>();
  for (const [index, { hoursBefore }] of rules.entries()) {
    if (seen.has(hoursBefore)) {
      check.addIssue({ code: 'custom', path: [index, 'hoursBefore'], message: 'is the same as in an earlier rule' });
    }
    seen.add(hoursBefore);
  }
}

/** The rules of a policy; the longest time before the show comes first. */
export const rulesOutput = z.array(z.object({ hoursBefore: z.int(), refundPercent: z.int(), feeAmount: z.int() }));
