import { isDeepStrictEqual } from 'node:util';
import { decide } from '../box-office/decide/decide.ts';
import type { Answer, Decision, Inventory } from '../box-office/inventory.ts';
import type { BoxOfficeRequest } from '../box-office/requests.ts';
import { applyChanges, inventoryOf, type World } from '../box-office/testing-world.ts';
import type { Stage } from './stage.ts';

/**
 * A batch that knows only what it is about leads to what its requests would lead to one by one, each with everything known:
 * nothing that matters was left out of the load, and nobody in the batch is in another's way.
 */
export function checkForesight(stage: Stage, requests: readonly BoxOfficeRequest[], decision: Decision): void {
  const { now } = decision;
  let world: World = stage.ledger;
  const answers: Answer[] = [];
  const alone = requests.length > 0 ? requests.map((request) => [request]) : [[]];
  for (const batch of alone) {
    const next = decide(wholeOf(world, now), batch, now);
    answers.push(...next.answers);
    world = applyChanges(world, next.changes);
  }
  if (!isDeepStrictEqual(decision.answers, answers)) {
    stage.blame(`a batch is answered ${show(decision.answers)}, one by one with everything known ${show(answers)}`);
  }
  const together = applyChanges(stage.ledger, decision.changes);
  const differs = [...world.bookings].find(([id, booking]) => !isDeepStrictEqual(booking, together.bookings.get(id)));
  const places = (of: World) => [...of.sections.values()];
  const isSame =
    together.bookings.size === world.bookings.size &&
    isDeepStrictEqual(places(together), places(world)) &&
    isDeepStrictEqual(together.blocked, world.blocked) &&
    isDeepStrictEqual(together.entries, world.entries);
  if (differs) stage.blame(`booking ${differs[0]} of a batch differs from what it is one by one with everything known`);
  else if (!isSame) stage.blame('a batch leads to other places than its requests one by one with everything known');
}

const wholeOf = (world: World, now: Date): Inventory => inventoryOf(world, now);
const show = (answers: readonly Answer[]) =>
  JSON.stringify(answers.map((answer) => ('booking' in answer ? [answer.booking.id, answer.booking.status] : answer)));
