import type { Services } from '../context.ts';
import { notFound, ProblemError, refuseInput, type SeatSuggestion } from '../problem.ts';
import { listOpenSections } from './open-sections.ts';
import { listSuggestions, type Wish } from './suggestions.ts';

/**
 * The best seats for a party, from memory. None when it is sold out or has places to stand only: these are booked by section.
 *
 * @throws `not_found`, `invalid_input` (a section that is not the show's), `limit_exceeded` (more than one booking may have)
 */
export async function suggestSeats(
  { plans, seatMaps, terms }: Pick<Services, 'plans' | 'seatMaps' | 'terms'>,
  { showId, ...wish }: Wish & { showId: string },
): Promise<{ suggestions: SeatSuggestion[] }> {
  const [plan, show, states] = await Promise.all([plans.find(showId), terms.find(showId), seatMaps.read(showId)]);
  if (!plan) throw notFound();
  const unknown = wish.sectionIds?.findIndex((sectionId) => !plan.sectionIds.has(sectionId)) ?? -1;
  if (unknown >= 0) refuseInput(`sectionIds.${unknown}`, 'is not a section of this show');
  if (wish.quantity > show.maxPerBooking) throw new ProblemError({ code: 'limit_exceeded', limit: show.maxPerBooking });
  const currency = show.sections[0]?.price.currency ?? '';
  return { suggestions: listSuggestions(listOpenSections(plan, show, states), wish, currency) };
}
