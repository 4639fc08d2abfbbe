/** The fields that inputs and outputs share. Pure: what a value looks like, never whether it exists. */
import { z } from 'zod';

/** An id as we make them. Upper case is folded, since ids are compared as text in memory. */
export const id = z.uuid().toLowerCase();

/** Text of one line, trimmed, not empty. */
export const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'must be a single line without control characters');

/** Text of several lines, trimmed, not empty. */
export const text = (max: number) => z.string().trim().min(1).max(max);

/** An instant with an offset, as in `2026-11-20T19:30:00Z`, of a year that Postgres and `Date` agree about. */
export const instant = z.iso.datetime({ offset: true }).refine(isUsualYear, 'must lie between the years 1970 and 9999');

function isUsualYear(value: string): boolean {
  const time = Date.parse(value);
  return time >= 0 && time < Date.UTC(9999, 11, 31);
}

/** An amount in integer minor units (cents), at most ten billion of the main unit. */
export const amount = z.int().min(0).max(1e12);

export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code in capitals, such as EUR')
  .refine((code) => Intl.supportedValuesOf('currency').includes(code), 'is not a currency we know');

export const money = z.object({
  /** Integer minor units, such as cents. */
  amount: z.int(),
  /** ISO 4217. */
  currency: z.string(),
});
export type Money = z.infer<typeof money>;

export const timeZone = z.string().max(64).refine(isTimeZone, 'must be an IANA time zone such as Europe/Vienna');

function isTimeZone(name: string): boolean {
  try {
    // Offsets such as +01:00 are accepted by Intl, too, but do not follow daylight saving.
    return (
      /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
    );
  } catch {
    return false;
  }
}

export const country = z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166 code in capitals, such as AT');

/** Names one attempt to do something: the same key with the same request gives the same answer again. */
export const idempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters');

/** How to pay: the provider, and the token that the buyer's side got from it. */
export const payment = z.strictObject({ provider: z.string().min(1).max(50), token: z.string().min(1).max(500) });

/** How lists are asked for. `cursor` is what the page before answered as `nextCursor`. */
export const pageInput = {
  cursor: z.string().min(1).max(512).optional(),
  limit: z.int().min(1).max(100).default(20),
};

/** A page of a list; `nextCursor` is null on the last one. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
