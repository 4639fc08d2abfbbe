import type { Db } from '@evently/db/client';
import type { Role } from '@evently/db/schema';
import type { LRUCache } from 'lru-cache';
import type { Passwords } from './auth/passwords.ts';
import type { Sessions } from './auth/sessions.ts';
import type { Alternatives } from './best-seats/alternatives.ts';
import type { ShowTerms } from './best-seats/show-terms.ts';
import type { BookingPlace } from './bookings/ask.ts';
import type { BookingState } from './box-office/inventory.ts';
import type { ShowPlans } from './box-office/plans.ts';
import type { BoxOffice } from './box-office/queue.ts';
import type { SoldOutGate } from './box-office/sold-out-gate.ts';
import type { Changes } from './changes.ts';
import type { Limits } from './limits/limits.ts';
import type { SeatMaps } from './live/seat-maps.ts';
import type { SeatLocks } from './locks.ts';
import type { Tier } from './meta.ts';
import type { Metrics } from './metrics.ts';
import type { Mailer } from './notifications/mailer.ts';
import type { PaymentProviders } from './payments/provider.ts';
import type { ReadDb } from './read-db.ts';
import type { SeatLayouts } from './venues/seat-layouts.ts';
import type { WaitingRoom } from './waiting-room/waiting-room.ts';

/** Who calls. */
export interface Actor {
  userId: string;
  email: string;
  name: string;
  role: Role;
}

export interface Logger {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** How money moves. */
export interface Payments {
  providers: PaymentProviders;
  /** Charges that this process is making, by payment id: who asks again waits for the same one. */
  underWay: Map<string, Promise<BookingState>>;
}

/** What lives as long as the process. */
export interface Services {
  db: Db;
  /** For reads that a replica may serve: those of the catalogue and of reports. */
  readDb: ReadDb;
  boxOffice: BoxOffice;
  /** Where bookings belong that were made or asked for a moment ago. */
  bookingPlaces: LRUCache<string, BookingPlace>;
  /** In front of the box office; they shed load and decide nothing. */
  locks: SeatLocks;
  /** In front of the locks and the box office, too. */
  soldOut: SoldOutGate;
  /** For those whom any of them refused a seat. */
  alternatives: Alternatives;
  /** In front of all of these, for those who want to hold or book. */
  waitingRoom: WaitingRoom;
  limits: Limits;
  layouts: SeatLayouts;
  plans: ShowPlans;
  /** What shows ask for their places. */
  terms: ShowTerms;
  /** Who sits where in shows that are looked at, as it changes. */
  seatMaps: SeatMaps;
  /** Where commits are told of, for whoever keeps copies. */
  changes: Changes;
  sessions: Sessions;
  passwords: Passwords;
  payments: Payments;
  mailer: Mailer;
  /** The time for everything but inventory, where the database's own clock decides. */
  now: () => Date;
  /** How long a hold lasts where a show does not say, in seconds. */
  holdSeconds: number;
  metrics: Metrics;
  log: Logger;
}

/** What every verb gets: the services, and what is known of the request. */
export interface Context extends Services {
  requestId: string;
  /** Where the request came from; null for scripts, which no limits hold. */
  address: string | null;
  /** The session token of the request, if it brought one. */
  token: string | null;
  /** Who calls, if that is known without looking: from a memory of five seconds, which is not good enough for staff. */
  findKnownActor: (tier?: Tier) => Actor | undefined;
  /** Whose the request's token was when it was last looked up, as `Sessions.findOwner`; null without one. */
  findKnownOwner: () => string | null | undefined;
  /** Looks up who calls; null for nobody. What only staff may do asks for the present, `now`. */
  findActor: (asOf: 'now' | 'lately') => Promise<Actor | null>;
  /** Who calls, once the procedure's guard has looked them up. */
  actor: Actor | null;
}

/** What the guard of a procedure that asks for a role has made sure of. */
export interface Caller {
  actor: Actor;
}

/** The context of a signed-in caller. */
export interface UserContext extends Context, Caller {
  actor: Actor;
}

/** A request's context. The session is looked up when a procedure first asks for it, not before. */
export function createContext(
  services: Services,
  request: { requestId: string; token: string | null; address?: string | null },
): Context {
  const { sessions } = services;
  const { requestId, token, address = null } = request;
  // The calls of a batch share what was looked up.
  let lately: Promise<Actor | null> | undefined;
  let now: Promise<Actor | null> | undefined;
  return {
    ...services,
    requestId,
    address,
    token,
    findKnownActor: (tier = 'user') => (token === null || tier !== 'user' ? undefined : sessions.findCached(token)),
    findKnownOwner: () => (token === null ? null : sessions.findOwner(token)),
    findActor(asOf) {
      if (token === null) return Promise.resolve(null);
      if (asOf === 'now') {
        now ??= sessions.findActorNow(token);
        return now;
      }
      lately ??= sessions.findActor(token);
      return lately;
    },
    actor: null,
  };
}

/** A context for scripts in this process, which act as whom they say. */
export function createScriptContext(services: Services, actor: Actor | null): Context {
  return {
    ...services,
    requestId: 'script',
    address: null,
    token: null,
    findKnownActor: () => actor ?? undefined,
    findKnownOwner: () => actor?.userId ?? null,
    findActor: async () => actor,
    actor: null,
  };
}
