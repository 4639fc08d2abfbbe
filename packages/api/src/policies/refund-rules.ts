/** How much of a ticket's price goes back, by how long it is until the show. Pure; amounts are integer minor units. */
import type { RefundRule, RefundTerms } from '@evently/db/schema';

const HOUR_MS = 3_600_000;

/** The longest time before the show first. */
export const sortRules = (rules: readonly RefundRule[]): RefundRule[] =>
  rules.toSorted((a, b) => b.hoursBefore - a.hoursBefore);

/** The last instant at which a rule still applies. */
export const endOf = ({ hoursBefore }: RefundRule, startsAt: Date): Date =>
  new Date(startsAt.getTime() - hoursBefore * HOUR_MS);

/**
 * The rules that bound a refund now: the one that applies, which is the last, and all earlier ones, so that waiting never
 * pays. None when every rule has lapsed.
 *
 * @param rules sorted
 */
export function boundingRules(rules: readonly RefundRule[], startsAt: Date, now: Date): RefundRule[] {
  const applies = rules.findIndex((rule) => now <= endOf(rule, startsAt));
  return rules.slice(0, applies + 1);
}

/** What one rule returns of a price. */
export const returnedBy = ({ refundPercent, feeAmount }: RefundRule, price: number): number =>
  Math.max(0, Math.floor((price * refundPercent) / 100) - feeAmount);

/** What terms return of a ticket's price now: never more than the price, and nothing once the show has begun. */
export function refundOf(terms: RefundTerms, price: number, startsAt: Date, now: Date): number {
  if (now >= startsAt) return 0;
  if (terms.policy === null) return price;
  const rules = boundingRules(terms.policy.rules, startsAt, now);
  return rules.length === 0 ? 0 : Math.min(...rules.map((rule) => returnedBy(rule, price)));
}

const FROM_THE_BEGINNING: RefundTerms = { from: null, policy: null };

/** The terms that a show sells by now. @param terms in order of time */
export const presentTerms = (terms: readonly RefundTerms[]): RefundTerms => terms.at(-1) ?? FROM_THE_BEGINNING;

/**
 * The terms that a booking may be cancelled by: those that it was made under, and all later ones, which may be better for
 * its owner but never worse. At the very instant of a change, both.
 *
 * @param terms in order of time
 */
export function termsSince(terms: readonly RefundTerms[], bookedAt: Date): [RefundTerms, ...RefundTerms[]] {
  const last = presentTerms(terms);
  const outlived = terms.slice(0, -1).filter((_, index) => new Date(terms[index + 1]?.from ?? 0) >= bookedAt);
  const [first = last, ...later] = [...outlived, last];
  return [first, ...later];
}
