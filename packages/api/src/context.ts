import type { Db } from '@evently/db/client';
import type { Role } from '@evently/db/schema';
import type { Passwords } from './auth/passwords.ts';
import type { Sessions } from './auth/sessions.ts';
import type { BookingState } from './box-office/inventory.ts';
import type { ShowPlans } from './box-office/plans.ts';
import type { BoxOffice } from './box-office/queue.ts';
import type { SeatLocks } from './locks.ts';
import type { Mailer } from './notifications/mailer.ts';
import type { PaymentProviders } from './payments/provider.ts';
import type { SeatLayouts } from './venues/seat-layouts.ts';

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
  boxOffice: BoxOffice;
  /** In front of the box office; they shed load and decide nothing. */
  locks: SeatLocks;
  layouts: SeatLayouts;
  plans: ShowPlans;
  sessions: Sessions;
  passwords: Passwords;
  payments: Payments;
  mailer: Mailer;
  /** The time for everything but inventory, where the database's own clock decides. */
  now: () => Date;
  /** How long a hold lasts where a show does not say, in seconds. */
  holdSeconds: number;
  log: Logger;
}

/** What every verb gets: the services, and what is known of the request. */
export interface Context extends Services {
  requestId: string;
  /** The session token of the request, if it brought one. */
  token: string | null;
  /** Looks the caller up, once per request; null for nobody. */
  findActor: () => Promise<Actor | null>;
}

/** The context of a signed-in caller. */
export interface UserContext extends Context {
  actor: Actor;
}

/** A request's context. The session is looked up when a procedure first asks for it, not before. */
export function createContext(services: Services, request: { requestId: string; token: string | null }): Context {
  let lookup: Promise<Actor | null> | undefined;
  return {
    ...services,
    requestId: request.requestId,
    token: request.token,
    findActor: () => {
      lookup ??= request.token === null ? Promise.resolve(null) : services.sessions.findActor(request.token);
      return lookup;
    },
  };
}

/** A context for scripts in this process, which act as whom they say. */
export function createScriptContext(services: Services, actor: Actor | null): Context {
  return { ...services, requestId: 'script', token: null, findActor: async () => actor };
}
