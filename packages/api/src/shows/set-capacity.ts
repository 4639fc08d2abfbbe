import type { UserContext } from '../context.ts';
import { ProblemError } from '../problem.ts';
import { findShow, type Show } from './shows.ts';

/**
 * Lets a section of a show sell more or fewer places.
 *
 * @throws `not_found`, `invalid_input` (more than there are seats), `capacity_below_sold`
 */
export async function setCapacity(
  ctx: UserContext,
  { showId, sectionId, capacity }: { showId: string; sectionId: string; capacity: number },
): Promise<Show> {
  const answer = await ctx.boxOffice.submit(showId, { kind: 'set-capacity', sectionId, capacity });
  if ('problem' in answer) throw new ProblemError(answer.problem);
  return await findShow(ctx.db, showId, 'admin');
}
