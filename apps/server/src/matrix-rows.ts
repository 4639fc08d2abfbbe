/**
 * One row per procedure: an input that is valid now, and what becomes of it for each kind of caller. The matrices of
 * permissions and of bad input read it; a procedure without a row fails them.
 */
import { newKey } from '@evently/api/testing';
import { event, places, policy, prices, SOME_TOKEN, sales, venue } from './matrix-inputs.ts';
import { endsAt, type Input, PASSWORD, type Person, startsAt, type World } from './matrix-world.ts';

export const callerKinds = ['nobody', 'owner', 'another user', 'staff', 'admin'] as const;
/** `owner` is the user to whom the things in the input belong, `nobody` a caller without a token. */
export type CallerKind = (typeof callerKinds)[number];
export type Outcome = 'ok' | 'unauthenticated' | 'forbidden' | 'not_found';
export type Outcomes = Record<CallerKind, Outcome>;

export interface MatrixRow {
  outcomes: Outcomes;
  /** Makes the input; what a call uses up is made anew each time. Optional fields are set, so that they are put to the test. */
  input: (world: World, owner: Person) => Input | Promise<Input>;
  /** The field that names what belongs to the owner alone. */
  owned?: string;
}

const anybody: Outcomes = { nobody: 'ok', owner: 'ok', 'another user': 'ok', staff: 'ok', admin: 'ok' };
const signedIn: Outcomes = { ...anybody, nobody: 'unauthenticated' };
// Not even admins act in a user's name: they have procedures of their own for that.
const ownerOnly: Outcomes = { ...signedIn, 'another user': 'not_found', staff: 'not_found', admin: 'not_found' };
const adminsOnly: Outcomes = { ...signedIn, owner: 'forbidden', 'another user': 'forbidden', staff: 'forbidden' };

const page = { limit: 5 };
const payment = { provider: 'sandbox', token: 'pm_ok' };
const nothing = () => ({});
const publicShow = { outcomes: anybody, input: (world: World) => ({ showId: world.show.showId }) };
const heldBooking = {
  outcomes: ownerOnly,
  owned: 'bookingId',
  input: async (world: World, owner: Person) => ({ bookingId: await world.hold(owner) }),
};
const soldBooking = {
  outcomes: ownerOnly,
  owned: 'bookingId',
  input: (world: World, owner: Person): Promise<Input> => world.sale(owner).then((sale) => ({ ...sale })),
};
const waitlistEntry = {
  outcomes: ownerOnly,
  owned: 'entryId',
  input: async (world: World, owner: Person) => ({ entryId: await world.wait(owner) }),
};
const offeredPlaces = {
  outcomes: ownerOnly,
  owned: 'entryId',
  input: async (world: World, owner: Person) => ({ entryId: await world.offer(owner) }),
};
const anyBooking = {
  outcomes: adminsOnly,
  input: async (world: World, owner: Person) => ({ bookingId: (await world.sale(owner)).bookingId }),
};
const draftEvent = {
  outcomes: adminsOnly,
  input: async (world: World) => ({ eventId: (await world.draft()).eventId }),
};

export const matrixRows: Record<string, MatrixRow> = {
  'auth.register': {
    outcomes: anybody,
    input: () => ({ email: `${newKey()}@example.com`, password: PASSWORD, name: 'Grace' }),
  },
  'auth.login': { outcomes: anybody, input: (_world, owner) => ({ email: owner.email, password: PASSWORD }) },
  'auth.logout': { outcomes: signedIn, input: nothing },
  'auth.me': { outcomes: signedIn, input: nothing },
  'auth.changePassword': {
    outcomes: signedIn,
    input: () => ({ current: PASSWORD, next: 'another horse, another staple' }),
  },

  'events.list': {
    outcomes: anybody,
    input: () => ({
      q: 'even',
      category: 'concert',
      city: 'Vienna',
      from: startsAt,
      to: endsAt,
      availableOnly: true,
      ...page,
    }),
  },
  'events.get': { outcomes: anybody, input: (world) => ({ eventId: world.show.eventId }) },
  'events.show': publicShow,
  'events.seatLayout': publicShow,
  'events.seatStates': publicShow,
  'events.watch': { outcomes: anybody, input: ({ show }) => ({ showId: show.showId, lastEventId: '0' }) },
  'events.suggestSeats': {
    outcomes: anybody,
    input: ({ show }) => ({ showId: show.showId, quantity: 2, sectionIds: [show.sectionIds[0]!], maxPrice: 5000 }),
  },

  'waitlist.join': {
    outcomes: signedIn,
    async input(world) {
      const { showId, sectionIds } = await world.full();
      return { showId, quantity: 2, sectionId: sectionIds[1]!, idempotencyKey: newKey() };
    },
  },
  'waitlist.list': {
    outcomes: signedIn,
    async input(world, owner) {
      await world.wait(owner);
      return { showId: world.show.showId, ...page };
    },
  },
  'waitlist.get': waitlistEntry,
  'waitlist.accept': {
    ...offeredPlaces,
    input: async (world, owner) => ({ entryId: await world.offer(owner), payment }),
  },
  'waitlist.decline': offeredPlaces,
  'waitlist.leave': waitlistEntry,

  'waitingRoom.join': {
    outcomes: signedIn,
    input: (world) => ({ showId: world.show.showId, queueToken: SOME_TOKEN }),
  },
  'waitingRoom.status': { ...publicShow, outcomes: signedIn },
  'waitingRoom.leave': { ...publicShow, outcomes: signedIn },

  'bookings.hold': { outcomes: signedIn, input: places },
  'bookings.book': { outcomes: signedIn, input: (world) => ({ ...places(world), payment }) },
  'bookings.confirm': {
    ...heldBooking,
    input: async (world, owner) => ({ bookingId: await world.hold(owner), payment }),
  },
  'bookings.extend': heldBooking,
  'bookings.release': heldBooking,
  'bookings.cancellationQuote': soldBooking,
  'bookings.cancel': soldBooking,
  'bookings.get': heldBooking,
  'bookings.list': {
    outcomes: signedIn,
    async input(world, owner) {
      await world.hold(owner);
      return { status: 'held', upcoming: true, ...page };
    },
  },

  'admin.venues.create': { outcomes: adminsOnly, input: () => ({ ...venue(), idempotencyKey: newKey() }) },
  'admin.venues.list': { outcomes: adminsOnly, input: () => page },
  'admin.venues.get': { outcomes: adminsOnly, input: (world) => ({ venueId: world.show.venueId }) },
  'admin.venues.update': {
    outcomes: adminsOnly,
    async input(world) {
      const sections = [{ name: 'Floor', kind: 'standing' as const, capacity: 10 }];
      const made = { name: 'Old', city: 'Graz', country: 'AT', timeZone: 'Europe/Vienna', sections };
      return { venueId: (await world.admin.admin.venues.create(made)).id, version: 1, ...venue() };
    },
  },

  'admin.events.create': { outcomes: adminsOnly, input: () => ({ ...event(), idempotencyKey: newKey() }) },
  'admin.events.list': { outcomes: adminsOnly, input: () => ({ q: 'draft', status: 'draft', ...page }) },
  'admin.events.get': draftEvent,
  'admin.events.update': {
    outcomes: adminsOnly,
    input: async (world) => ({ eventId: (await world.draft()).eventId, version: 1, ...event() }),
  },
  'admin.events.publish': draftEvent,
  'admin.events.cancel': {
    outcomes: adminsOnly,
    input: async (world) => ({ eventId: (await world.published()).eventId, reason: 'A storm.' }),
  },
  'admin.events.cancellation': {
    outcomes: adminsOnly,
    input: async (world) => ({ eventId: (await world.cancelled()).eventId }),
  },
  'admin.events.delete': draftEvent,

  'admin.shows.create': {
    outcomes: adminsOnly,
    input: async (world) => ({
      eventId: (await world.draft()).eventId,
      venueId: world.show.venueId,
      startsAt,
      endsAt,
      ...sales,
      currency: 'EUR',
      prices: prices(world).map((price) => ({ ...price, capacity: 10 })),
      collectAtDoor: true,
      cancellationPolicyId: await world.policy(),
      idempotencyKey: newKey(),
    }),
  },
  'admin.shows.update': {
    outcomes: adminsOnly,
    input: async (world) => ({
      showId: (await world.draft()).showId,
      version: 1,
      startsAt,
      endsAt,
      ...sales,
      cancellationPolicyId: await world.policy(),
      prices: prices(world),
    }),
  },
  'admin.shows.setCapacity': {
    outcomes: adminsOnly,
    input: (world) => ({ showId: world.show.showId, sectionId: world.show.sectionIds[1]!, capacity: 20_000 }),
  },
  'admin.shows.waitingRoom': {
    outcomes: adminsOnly,
    input: async (world) => ({ showId: (await world.draft()).showId, mode: 'on', maxActive: 10 }),
  },
  'admin.shows.cancel': {
    outcomes: adminsOnly,
    input: async (world) => ({ showId: (await world.draft()).showId, reason: 'A storm.' }),
  },
  'admin.shows.cancellation': {
    outcomes: adminsOnly,
    input: async (world) => ({ showId: (await world.cancelled()).showId }),
  },
  'admin.shows.blockSeats': {
    outcomes: adminsOnly,
    input: (world) => ({ showId: world.show.showId, seatIds: [world.nextSeat(), world.nextSeat()] }),
  },
  'admin.shows.unblockSeats': {
    outcomes: adminsOnly,
    async input(world) {
      const seats = { showId: world.show.showId, seatIds: [world.nextSeat()] };
      await world.admin.admin.shows.blockSeats(seats);
      return seats;
    },
  },

  'admin.bookings.list': {
    outcomes: adminsOnly,
    input: (world, owner) => ({
      eventId: world.show.eventId,
      showId: world.show.showId,
      userId: owner.id,
      status: 'confirmed',
      q: 'example.com',
      ...page,
    }),
  },
  'admin.bookings.get': anyBooking,
  'admin.bookings.cancel': {
    outcomes: adminsOnly,
    input: async (world, owner) => ({ ...(await anyBooking.input(world, owner)), reason: 'Asked to', refund: 'full' }),
  },
  'admin.bookings.history': anyBooking,

  'admin.policies.create': { outcomes: adminsOnly, input: () => ({ ...policy(), idempotencyKey: newKey() }) },
  'admin.policies.list': { outcomes: adminsOnly, input: () => page },
  'admin.policies.update': {
    outcomes: adminsOnly,
    input: async (world) => ({ policyId: await world.policy(), version: 1, ...policy() }),
  },

  'admin.waitlist.list': {
    outcomes: adminsOnly,
    async input(world, owner) {
      await world.wait(owner);
      return { showId: world.show.showId, status: 'waiting', ...page };
    },
  },

  'admin.users.list': { outcomes: adminsOnly, input: () => ({ q: 'example.com', role: 'user', ...page }) },
  'admin.users.setRole': {
    outcomes: adminsOnly,
    input: async (world) => ({ userId: (await world.person()).id, role: 'staff' }),
  },
};
