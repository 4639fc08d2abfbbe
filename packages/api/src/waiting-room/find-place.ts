import type { UserContext } from '../context.ts';
import { notFound } from '../problem.ts';
import { type Place, presentPlace } from './present-place.ts';

/**
 * Where one stands in the waiting room of a show; whoever does not ask for some time loses the place.
 *
 * @throws `not_found`: no such show, or the room is on and one has no place in it
 */
export async function findPlace(ctx: UserContext, showId: string): Promise<Place> {
  const { waitingRoom, actor, now } = ctx;
  const bearer = { userId: actor.userId, showId };
  const told = await waitingRoom.ask(showId, { kind: 'status', userId: actor.userId, value: 0 });
  const place = told && (await presentPlace(told, bearer, waitingRoom.tokens, now().getTime()));
  if (!place) throw notFound();
  return place;
}
