/** What Postgres would refuse, or what touched other rows than were decided on: under the lock neither can be. */
export class WallHit extends Error {
  override readonly name = 'WallHit';
}

/** @throws WallHit when the wall holds */
export function wall(stands: boolean, what: string): asserts stands {
  if (!stands) throw new WallHit(what);
}
