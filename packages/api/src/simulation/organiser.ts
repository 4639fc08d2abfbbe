import type { Calls } from './calls.ts';
import type { Intent } from './plot.ts';
import { type Owner, WORLD } from './schedule.ts';
import type { Stage } from './stage.ts';

const NAME = 'the organiser';

/** What organisers do to a show. */
export async function organise(stage: Stage, calls: Calls, intent: Intent, seatIds: string[]): Promise<void> {
  const sections = [...stage.ledger.sections.keys()];
  const sectionId = sections[intent.section % sections.length]!;
  switch (intent.kind) {
    case 'block':
    case 'unblock':
      return await calls.ask(NAME, { kind: intent.kind, seatIds });
    case 'capacity':
      return await calls.ask(NAME, { kind: 'set-capacity', sectionId, capacity: 1 + (intent.pick % 6) });
    case 'cancel show':
      return await calls.ask(NAME, { kind: 'cancel-show', reason: 'Storm', userId: stage.users[0]! });
    default:
      await edit(stage, intent, sectionId);
  }
}

const MINUTE_MS = 60_000;

/** As `updateShow`: under the lock, past the box office. What was sold keeps its price. */
async function edit({ schedule, ledger, lock }: Stage, { pick }: Intent, sectionId: string): Promise<void> {
  const organiser: Owner = { ...WORLD, name: NAME };
  await schedule.turn(organiser, () => `${NAME} changes the show`);
  await lock.take(organiser);
  const { show, sections } = ledger;
  const section = sections.get(sectionId);
  const earlier = new Date(show.startsAt.getTime() - (pick % 3) * 5 * MINUTE_MS);
  ledger.version += 1;
  ledger.show = { ...show, salesCloseAt: earlier, holdSeconds: pick % 2 === 0 ? 60 : 600 };
  if (section && section.price > 0) sections.set(sectionId, { ...section, price: section.price + 100 });
  lock.release(organiser);
}
