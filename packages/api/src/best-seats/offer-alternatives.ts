import type { Services } from '../context.ts';
import { ProblemError } from '../problem.ts';

/**
 * What becomes of an error on its way to whoever asked for seats by name: a refusal gets other seats to choose from, if there
 * are any; everything else stays as it is.
 */
export async function offerAlternatives(
  { alternatives }: Pick<Services, 'alternatives'>,
  { showId, seatIds = [] }: { showId: string; seatIds?: readonly string[] | undefined },
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof ProblemError) || error.problem.code !== 'seat_taken') return error;
  const found = await alternatives.find(showId, seatIds, error.problem.seatIds);
  return found.length === 0 ? error : new ProblemError({ ...error.problem, alternatives: found });
}
