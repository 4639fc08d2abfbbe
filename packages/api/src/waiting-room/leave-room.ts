import type { UserContext } from '../context.ts';
import { notFound } from '../problem.ts';

/** Gives up one's place in the waiting room of a show, or one's admission. Whoever has neither has left already. @throws `not_found` */
export async function leaveRoom({ waitingRoom, actor }: UserContext, showId: string): Promise<{ ok: true }> {
  const told = await waitingRoom.ask(showId, { kind: 'leave', userId: actor.userId, value: 0 });
  if (!told) throw notFound();
  return { ok: true };
}
