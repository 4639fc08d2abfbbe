import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEvently, type SeatStates } from '@evently/sdk';
import { visit } from './buyer.ts';
import type { Display } from './display.ts';
import type { Customer, Floor } from './floor.ts';
import type { Picture } from './picture.ts';
import { pictureOf } from './picture-of.ts';
import { planBuyers, type RushOptions } from './plan.ts';
import { rankSeats } from './seats.ts';
import type { Stage } from './stage.ts';
import { createTally, recordError, type Tally, timed } from './tally.ts';

/** Why the doors closed. */
export type Closing = 'sold out' | 'time is up' | 'everybody is gone' | 'stopped';

/** What is known when a rush is over, all of it from clients. */
export interface RaceResult {
  tally: Tally;
  closing: Closing;
  /** From the opening of the doors until the last buyer had an answer. */
  durationMs: number;
  /** The map as everybody sees it afterwards; null when nobody could read it. */
  states: SeatStates | null;
  picture: Picture;
}

/** How often the hall is looked at and drawn. */
const FRAME_MS = 200;
/** A rush of this length has people of the usual pace. */
const USUAL_SECONDS = 30;

/**
 * Opens the doors, lets everybody in, and closes them when all is sold, everybody is gone, time is up or `stop` says so.
 * Then holds that nobody came back for are released, so that what is not sold is free.
 */
export async function race(
  stage: Stage,
  options: RushOptions,
  display: Display,
  stop: AbortSignal,
): Promise<RaceResult> {
  const doors = openDoors(options, stop);
  const tally = createTally(stage.customers.length);
  let seen: SeatStates | null = null;
  const floor: Floor = {
    show: stage.show,
    layout: stage.layout,
    ranked: rankSeats(stage.layout),
    tally,
    holds: new Map(),
    over: doors.over,
    beganAt: performance.now(),
    pace: Math.min(1, options.seconds / USUAL_SECONDS),
  };
  const visitor = createEvently({ url: stage.url });
  const look = async () => {
    const answer = await timed(tally, 'look', '', () => visitor.events.seatStates({ showId: stage.show.showId }));
    const states = answer && 'value' in answer ? answer.value : null;
    seen = states ?? seen;
    return states;
  };
  const draw = () => display.show(pictureOf(floor, seen, stage.url, options.seconds));
  const plans = planBuyers(options);
  const painter = setInterval(draw, FRAME_MS);
  const watching = new AbortController();
  const watcher = watch(watching.signal, async () => {
    await look();
    if (tally.ticketsSold === stage.show.capacity) doors.close('sold out');
  });
  let durationMs = 0;
  let states: SeatStates | null = null;
  try {
    await Promise.all(stage.customers.map((customer, index) => visit(floor, customer, plans[index]!)));
    doors.close('everybody is gone');
    durationMs = performance.now() - floor.beganAt;
    await releaseHolds(floor);
    watching.abort();
    await watcher;
    states = await look();
    draw();
  } finally {
    doors.close('stopped');
    watching.abort();
    clearInterval(painter);
    display.end();
  }
  const closing = doors.closing() ?? 'stopped';
  return { tally, closing, durationMs, states, picture: pictureOf(floor, seen, stage.url, options.seconds) };
}

/** Doors that close once, for the first reason that there is. */
function openDoors({ seconds }: RushOptions, stop: AbortSignal) {
  const controller = new AbortController();
  // Every buyer waits for it.
  setMaxListeners(0, controller.signal);
  let closing: Closing | null = null;
  const close = (reason: Closing) => {
    if (closing !== null) return;
    closing = reason;
    clearTimeout(timer);
    stop.removeEventListener('abort', onStop);
    controller.abort();
  };
  const onStop = () => close('stopped');
  const timer = setTimeout(() => close('time is up'), seconds * 1000);
  stop.addEventListener('abort', onStop);
  if (stop.aborted) onStop();
  return { over: controller.signal, close, closing: (): Closing | null => closing };
}

/** Looks again and again until it is told to stop. */
async function watch(signal: AbortSignal, look: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await look();
    await sleep(FRAME_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** So many at once, lest the end of a rush be a rush of its own. */
const RELEASES_AT_ONCE = 20;

/**
 * A hold that has lapsed meanwhile is refused, and ended by the asking. None of this is the buyers' doing, so only what
 * goes wrong is counted.
 */
async function releaseHolds({ holds, tally }: Floor): Promise<void> {
  const left: [string, Customer][] = [...holds];
  const apart = createTally(0);
  const worker = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const [bookingId, { userId, evently }] = next;
      const answer = await timed(apart, 'release', userId, () => evently.bookings.release({ bookingId }));
      if (answer) holds.delete(bookingId);
    }
  };
  await Promise.all(Array.from({ length: RELEASES_AT_ONCE }, worker));
  for (const [what, times] of apart.errors) recordError(tally, what, times);
}
