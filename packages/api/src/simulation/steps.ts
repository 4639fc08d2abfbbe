import { ProblemError } from '../problem.ts';
import { closeBookings, isFree, listOpenCharges, reconcile, sweep, work } from './jobs.ts';
import type { People } from './people.ts';
import type { Intent } from './plot.ts';
import { createProcess, type Process } from './process.ts';
import type { Stage } from './stage.ts';

/** Who plays, and how far they have come. */
export interface Scene {
  stage: Stage;
  processes: Process[];
  people: People;
  steps: number;
}

/** Far more than any history takes: beyond it, something goes round in a circle. */
const MAX_STEPS = 5000;

/** Counts a step. False when something was wrong, or when there were too many. */
export function goesOn(scene: Scene): boolean {
  scene.steps += 1;
  if (scene.steps > MAX_STEPS) scene.stage.blame('it never comes to an end');
  return scene.stage.wrong === null;
}

export const nameOf = (index: number) => `process ${'AB'[index]}`;

/** One of all the things that may happen now. False when nothing is left that could. */
export async function playStep(scene: Scene, intents: Intent[]): Promise<boolean> {
  const { stage, processes, people } = scene;
  const { random, schedule } = stage;
  const dice = random.below(100);
  const intend = () => {
    const intent = intents.shift();
    if (intent) start(stage, people.act(intent));
    return intent !== undefined;
  };
  if (dice < 12 && intend()) return true;
  if (dice < 22) await passTime(scene);
  else if (dice < 24) crashOne(stage, processes);
  else if (dice < 30 && startJob(scene)) return true;
  else if (!(await schedule.step())) return intend();
  return true;
}

export async function playCalmly(scene: Scene): Promise<boolean> {
  return (await scene.stage.schedule.step()) || startJob(scene);
}

/** Whatever fails without being caught is an error of ours: nobody foresaw it. */
function start(stage: Stage, work: Promise<void>): void {
  work.catch((error: unknown) => stage.blame(`nobody foresaw ${error instanceof Error ? error.stack : error}`));
}

function crashOne(stage: Stage, processes: Process[]): void {
  const index = stage.random.below(processes.length);
  const process = processes[index];
  if (!process || process.isSpared) return;
  process.crash();
  processes[index] = createProcess(stage, nameOf(index));
}

function startJob({ stage, processes }: Scene): boolean {
  const open = stage.ledger.jobs.filter(isFree);
  if (open.length === 0) return false;
  start(stage, work(stage, stage.random.pick(processes), stage.random.pick(open)));
  return true;
}

/** Moments and some, often the length of something that matters, now and then up to a deadline, to the millisecond. */
async function passTime(scene: Scene): Promise<void> {
  const { random, schedule, ledger } = scene.stage;
  const now = schedule.now().getTime();
  const deadlines = [...ledger.bookings.values()].flatMap(({ expiresAt }) => expiresAt?.getTime() ?? []);
  if (deadlines.length > 0 && random.chance(0.25)) await passTo(scene, random.pick(deadlines) + random.below(3) - 1);
  else await passTo(scene, now + random.below(random.pick([1000, 1000, 5000, 40_000, 150_000, 700_000])));
  if (random.chance(0.5)) startRoutines(scene);
}

/** Whoever cannot wait for so long has their turn on the way. */
export async function passTo(scene: Scene, instant: number): Promise<void> {
  const { schedule } = scene.stage;
  schedule.passTo(instant);
  while (schedule.now().getTime() < instant && goesOn(scene) && (await schedule.step())) schedule.passTo(instant);
}

/** The jobs that come round by themselves, where they would find something to do. */
export function startRoutines({ stage, processes }: Scene): void {
  const { random, schedule, ledger } = stage;
  const now = schedule.now();
  const isDue = [...ledger.bookings.values()].some(
    (booking) => booking.status === 'held' && booking.expiresAt !== null && booking.expiresAt <= now,
  );
  const run = (routine: (on: Stage, process: Process) => Promise<void>) =>
    start(stage, routine(stage, random.pick(processes)).catch(comesRoundAgain));
  if (isDue || ledger.waiting > 0) run(sweep);
  if (listOpenCharges(ledger, now).length > 0) run(reconcile);
  if (ledger.show.cancellation) run(closeBookings);
}

function comesRoundAgain(error: unknown): void {
  if (!(error instanceof ProblemError)) throw error;
}
