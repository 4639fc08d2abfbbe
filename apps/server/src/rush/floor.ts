import type { Evently, SeatLayout } from '@evently/sdk';
import type { RushSeat } from './seats.ts';
import type { Tally } from './tally.ts';

/** Somebody who may buy, with a client of their own. */
export interface Customer {
  userId: string;
  evently: Evently;
}

/** The show that everybody wants to see. */
export interface RushShow {
  showId: string;
  name: string;
  startsAt: Date;
  /** Null where there is none. */
  seatedId: string | null;
  standingId: string | null;
  standingCapacity: number;
  /** Seats and places to stand. */
  capacity: number;
  /** Of a ticket, in cents. */
  price: number;
  holdSeconds: number;
}

/** Where a rush takes place: what all its buyers share. */
export interface Floor {
  show: RushShow;
  layout: SeatLayout;
  /** Every seat, the best one first. */
  ranked: readonly RushSeat[];
  tally: Tally;
  /** Holds that nobody has confirmed or released, and who made them. */
  holds: Map<string, Customer>;
  /** Aborted when the doors close. */
  over: AbortSignal;
  /** When they opened, as `performance.now()` tells it. */
  beganAt: number;
  /** How long people take over small things, as a part of how long they usually do: less in a short rush. */
  pace: number;
}
