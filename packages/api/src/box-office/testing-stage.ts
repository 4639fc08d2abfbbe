/** A show that is played batch by batch, for tests of what becomes of those who wait. */
import { newId } from '@evently/db/ids';
import { expect } from 'vitest';
import { decide } from './decide/decide.ts';
import type { Answer, EntryState } from './inventory.ts';
import type { BoxOfficeRequest } from './requests.ts';
import { lineViolationsOf } from './testing-line.ts';
import {
  applyChanges,
  claimOf,
  createWorld,
  inventoryOf,
  joinOf,
  NOW,
  violationsOf,
  type World,
  type WorldPlan,
} from './testing-world.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const outcomeOf = (answer: Answer) => ('problem' in answer ? answer.problem.code : 'done');

/** It keeps what must hold after each batch. */
export class Stage {
  world: World;
  now = NOW;
  /** Of the last batch. */
  soldOutChanged = false;
  readonly sectionIds: string[];
  readonly seatIds: string[];

  constructor(plan: WorldPlan = { standing: [2] }) {
    // Far enough away for places to be saved.
    const startsAt = new Date(NOW.getTime() + 72 * HOUR_MS);
    this.world = createWorld({ ...plan, show: { startsAt, salesCloseAt: startsAt, ...plan.show } });
    this.sectionIds = [...this.world.sections.keys()];
    this.seatIds = [...this.world.seats.keys()];
  }

  wait(minutes: number): void {
    this.now = new Date(this.now.getTime() + minutes * MINUTE_MS);
  }

  ask(...requests: BoxOfficeRequest[]): Answer[] {
    const { answers, changes } = decide(inventoryOf(this.world, this.now), requests, this.now);
    this.world = applyChanges(this.world, changes);
    this.soldOutChanged = changes.soldOutChanged;
    expect([...violationsOf(this.world), ...lineViolationsOf(this.world, this.now)]).toEqual([]);
    return answers;
  }

  outcome(request: BoxOfficeRequest): string {
    return outcomeOf(this.ask(request)[0]!);
  }

  /** Sells so many places to somebody, who can cancel them one booking at a time. */
  sell(section: number, quantity: number, kind: 'hold' | 'book' = 'book'): Sale {
    const sections = [{ sectionId: this.sectionIds[section]!, quantity }];
    return this.claim(claimOf({ kind, userId: newId(), sections }));
  }

  sellSeats(...seats: number[]): Sale {
    return this.claim(claimOf({ kind: 'book', userId: newId(), seatIds: seats.map((n) => this.seatIds[n]!) }));
  }

  private claim(claim: ReturnType<typeof claimOf>): Sale {
    expect(this.outcome(claim)).toBe('done');
    return { bookingId: claim.bookingId, userId: claim.userId };
  }

  join(quantity: number, section: number | null = null): Joined {
    const sectionId = section === null ? null : this.sectionIds[section]!;
    const request = joinOf({ userId: newId(), quantity, sectionId });
    expect(this.outcome(request)).toBe('done');
    return { id: request.entryId, userId: request.userId };
  }

  cancel({ bookingId }: Sale): void {
    const how = { actor: 'test', reason: null, ticketIds: null, refund: 'none' as const, refundId: newId(7) };
    expect(this.outcome({ kind: 'cancel', bookingId, userId: null, ...how })).toBe('done');
  }

  entry({ id }: Joined): EntryState {
    return this.world.entries.get(id)!;
  }

  statuses(...joined: Joined[]): string[] {
    return joined.map((one) => this.entry(one).status);
  }

  /** The booking that was offered. */
  offer(joined: Joined) {
    return this.world.bookings.get(this.entry(joined).bookingId ?? '')!;
  }

  settle(kind: 'confirm' | 'release', joined: Joined): string {
    const { id: bookingId } = this.offer(joined);
    const request = { bookingId, userId: joined.userId };
    return this.outcome(kind === 'confirm' ? { kind, ...request, charge: null } : { kind, ...request });
  }

  /** What somebody gets who does not wait. */
  buys(section = 0, quantity = 1): string {
    const sections = [{ sectionId: this.sectionIds[section]!, quantity }];
    return this.outcome(claimOf({ kind: 'hold', userId: newId(), sections }));
  }

  events({ id }: Joined): string[] {
    return this.world.entryEvents.filter(({ entryId }) => entryId === id).map(({ type }) => type);
  }
}

export interface Sale {
  bookingId: string;
  userId: string;
}
export interface Joined {
  id: string;
  userId: string;
}
