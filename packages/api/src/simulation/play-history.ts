import { decide } from '../box-office/decide/decide.ts';
import { checkSettled } from './check-settled.ts';
import { nameThings } from './names.ts';
import { createPeople } from './people.ts';
import { drawPlot } from './plot.ts';
import { createProcess } from './process.ts';
import { createRandom } from './random.ts';
import { createStage } from './stage.ts';
import { goesOn, nameOf, passTo, playCalmly, playStep, type Scene, startRoutines } from './steps.ts';

/** What came of a history. */
export interface Played {
  /** Null when all was as it must be; else what was not, with names in place of ids. */
  wrong: string | null;
  /** How many people did something. */
  intents: number;
  /** The kinds of moves and refusals that there were. */
  seen: ReadonlySet<string>;
  /** What happened, in plain words; empty unless it was asked for. */
  trace: string[];
}

export interface Playing {
  traced?: boolean;
  /** Intents that are left out, by their number. */
  without?: ReadonlySet<number>;
  /** The rules that are played by, if they are not ours. */
  rules?: typeof decide;
}

const PROCESSES = 2;
/** Longer than any hold or offer, several times, and then until the show begins: by then everything ends by itself. */
const ROUND_MS = 31 * 60_000;
const ROUNDS = 4;

/** Plays a random history: the same one for the same seed. */
export async function playHistory(
  seed: number,
  { traced = false, without = new Set(), rules = decide }: Playing = {},
): Promise<Played> {
  const lines: string[] = [];
  const tell = (line: () => string) => {
    if (traced) lines.push(`${stage.schedule.now().toISOString().slice(11, -1)} ${line()}`);
  };
  const plot = drawPlot(createRandom(~seed));
  const stage = createStage(plot, createRandom(seed), tell, rules);
  const intents = plot.intents.filter((_, index) => !without.has(index));
  const processes = Array.from({ length: PROCESSES }, (_, index) => createProcess(stage, nameOf(index)));
  const scene: Scene = { stage, processes, steps: 0, people: createPeople(stage, () => stage.random.pick(processes)) };
  while (goesOn(scene) && (await playStep(scene, intents)));
  stage.tell(() => 'from now on all is calm');
  stage.isCalm = true;
  const end = stage.ledger.show.startsAt.getTime();
  for (let round = 1; round <= ROUNDS && stage.wrong === null; round += 1) {
    const next = stage.schedule.now().getTime() + ROUND_MS;
    await passTo(scene, round === ROUNDS ? Math.max(next, end) : next);
    startRoutines(scene);
    while (goesOn(scene) && (await playCalmly(scene)));
  }
  if (stage.wrong === null) checkSettled(stage);
  const [wrong = null] = stage.wrong === null ? [] : nameThings(stage, [stage.wrong]);
  return { wrong, intents: plot.intents.length, seen: stage.seen, trace: nameThings(stage, lines) };
}
