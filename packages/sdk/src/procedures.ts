// Made from the router by scripts/generate.ts; `pnpm generate` makes it anew.

/** What the client must know of a procedure at run time. */
export interface ProcedureFacts {
  readonly type: 'query' | 'mutation';
  /** It takes an idempotency key. */
  readonly key?: true;
  /** It may be sent again without a key. */
  readonly idempotent?: true;
  /** It answers a page of a list. */
  readonly paged?: true;
}

export const procedures = {
  'auth.register': { type: 'mutation' },
  'auth.login': { type: 'mutation' },
  'auth.logout': { type: 'mutation', idempotent: true },
  'auth.me': { type: 'query' },
  'auth.changePassword': { type: 'mutation' },
  'events.list': { type: 'query', paged: true },
  'events.get': { type: 'query' },
  'events.show': { type: 'query' },
  'events.seatLayout': { type: 'query' },
  'events.seatStates': { type: 'query' },
  'events.suggestSeats': { type: 'query' },
  'bookings.hold': { type: 'mutation', key: true },
  'bookings.book': { type: 'mutation', key: true },
  'bookings.confirm': { type: 'mutation', idempotent: true },
  'bookings.extend': { type: 'mutation', idempotent: true },
  'bookings.release': { type: 'mutation', idempotent: true },
  'bookings.get': { type: 'query' },
  'bookings.list': { type: 'query', paged: true },
  'bookings.cancellationQuote': { type: 'query' },
  'bookings.cancel': { type: 'mutation', idempotent: true },
  'waitlist.join': { type: 'mutation', key: true },
  'waitlist.list': { type: 'query', paged: true },
  'waitlist.get': { type: 'query' },
  'waitlist.accept': { type: 'mutation', idempotent: true },
  'waitlist.decline': { type: 'mutation', idempotent: true },
  'waitlist.leave': { type: 'mutation', idempotent: true },
  'waitingRoom.join': { type: 'mutation', idempotent: true },
  'waitingRoom.status': { type: 'query' },
  'waitingRoom.leave': { type: 'mutation', idempotent: true },
  'admin.venues.create': { type: 'mutation', key: true },
  'admin.venues.list': { type: 'query', paged: true },
  'admin.venues.get': { type: 'query' },
  'admin.venues.update': { type: 'mutation' },
  'admin.events.create': { type: 'mutation', key: true },
  'admin.events.list': { type: 'query', paged: true },
  'admin.events.get': { type: 'query' },
  'admin.events.update': { type: 'mutation' },
  'admin.events.publish': { type: 'mutation', idempotent: true },
  'admin.events.cancel': { type: 'mutation', idempotent: true },
  'admin.events.cancellation': { type: 'query' },
  'admin.events.delete': { type: 'mutation' },
  'admin.shows.create': { type: 'mutation', key: true },
  'admin.shows.update': { type: 'mutation' },
  'admin.shows.setCapacity': { type: 'mutation', idempotent: true },
  'admin.shows.waitingRoom': { type: 'mutation', idempotent: true },
  'admin.shows.blockSeats': { type: 'mutation', idempotent: true },
  'admin.shows.unblockSeats': { type: 'mutation', idempotent: true },
  'admin.shows.cancel': { type: 'mutation', idempotent: true },
  'admin.shows.cancellation': { type: 'query' },
  'admin.bookings.list': { type: 'query', paged: true },
  'admin.bookings.get': { type: 'query' },
  'admin.bookings.cancel': { type: 'mutation', idempotent: true },
  'admin.bookings.history': { type: 'query' },
  'admin.waitlist.list': { type: 'query', paged: true },
  'admin.policies.create': { type: 'mutation', key: true },
  'admin.policies.list': { type: 'query', paged: true },
  'admin.policies.update': { type: 'mutation' },
  'admin.users.list': { type: 'query', paged: true },
  'admin.users.setRole': { type: 'mutation', idempotent: true },
} as const satisfies Record<string, ProcedureFacts>;
