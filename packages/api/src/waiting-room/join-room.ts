import type { UserContext } from '../context.ts';
import { notFound } from '../problem.ts';
import { type Place, presentPlace } from './present-place.ts';

/**
 * Takes a place in the waiting room of a show, or asks for the one that one has; where nobody has to wait, it says so. A
 * queue token brings back a place that the room has lost; one that is not good (somebody else's, of another show, forged,
 * expired, or of a place whose turn is over) brings back nothing, and the place is the last.
 *
 * @throws `not_found`, `overloaded` (too many wait)
 */
export async function joinRoom(
  { waitingRoom, actor, now }: UserContext,
  { showId, queueToken }: { showId: string; queueToken?: string | undefined },
): Promise<Place> {
  const bearer = { userId: actor.userId, showId };
  const at = now().getTime();
  const value = queueToken === undefined ? 0 : await waitingRoom.tokens.readPlace(bearer, queueToken, at);
  const told = await waitingRoom.ask(showId, { kind: 'join', userId: actor.userId, value });
  const place = told && (await presentPlace(told, bearer, waitingRoom.tokens, at));
  if (!place) throw notFound();
  return place;
}
