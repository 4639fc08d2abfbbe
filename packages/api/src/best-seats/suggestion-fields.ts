/** What seats are suggested by, and how suggestions look. */
import { z } from 'zod';
import { amount, id, money } from '../fields.ts';

/** As many as one claim may name. */
const MAX_QUANTITY = 100;

export const suggestionWish = z.strictObject({
  showId: id,
  /** How many want to sit together. */
  quantity: z.int().min(1).max(MAX_QUANTITY),
  /** Where they would sit; absent: wherever there are seats. */
  sectionIds: z
    .array(id)
    .min(1)
    .max(100)
    .refine((sectionIds) => new Set(sectionIds).size === sectionIds.length, 'must not name a section twice')
    .optional(),
  /** The most that a seat may cost, in integer minor units (cents) of the show's currency. */
  maxPrice: amount.optional(),
});

export const seatSuggestion = z.object({
  /** In layout order. */
  seatIds: z.array(z.string()),
  sectionId: z.string(),
  /** All side by side in one row, without an aisle between them. */
  adjacent: z.boolean(),
  /** How many single seats without a free neighbour it would leave behind. */
  orphans: z.int(),
  /** Of all its seats. */
  total: money,
});
