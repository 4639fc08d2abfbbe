import { newId } from '@evently/db/ids';
import { claimAndHold, claimAndPay } from '../bookings/claim-places.ts';
import { confirmAndPay } from '../bookings/confirm-booking.ts';
import type { BookingState } from '../box-office/inventory.ts';
import type { BoxOfficeRequest } from '../box-office/requests.ts';
import { SHARD } from '../box-office/testing-world.ts';
import { hashRequest } from '../idempotency.ts';
import { createCalls } from './calls.ts';
import { organise } from './organiser.ts';
import type { Intent } from './plot.ts';
import type { Process } from './process.ts';
import type { Stage } from './stage.ts';

/** Buyers and the organiser: they do what they intend to, and ask again when they hear nothing. */
export interface People {
  act: (intent: Intent) => Promise<void>;
}

interface Places {
  seatIds: string[];
  sections: { sectionId: string; quantity: number }[];
}

/** What somebody sent under a key, and may send again. */
interface Sent {
  verb: 'hold' | 'book' | 'join';
  userId: string;
  idempotencyKey: string;
  places: Places;
}

export function createPeople(stage: Stage, findProcess: () => Process): People {
  const { ledger, users, plan } = stage;
  const { showId } = plan;
  const calls = createCalls(stage, findProcess);
  const sent: Sent[] = [];
  const userOf = ({ user }: Intent) => users[user % users.length]!;

  function placesOf({ seats, section, quantity }: Intent): Places {
    const all = [...ledger.seats.keys()];
    const sections = [...ledger.sections.keys()];
    const seatIds = [...new Set(seats.flatMap((n) => all[n % all.length] ?? []))];
    const sectionId = sections[section % sections.length]!;
    const wanted = seatIds.length === 0 ? quantity + 1 : quantity === 2 ? 1 : 0;
    return { seatIds, sections: wanted > 0 ? [{ sectionId, quantity: wanted }] : [] };
  }

  async function claimAnew(verb: Sent['verb'], intent: Intent): Promise<void> {
    const made = { verb, userId: userOf(intent), idempotencyKey: `key${sent.length + 1}`, places: placesOf(intent) };
    sent.push(made);
    await send(made, intent);
  }

  /** The same key again, with the same request or with another one. */
  async function repeat(intent: Intent): Promise<void> {
    const first = sent[intent.pick % Math.max(1, sent.length)];
    if (!first) return await claimAnew('book', intent);
    if (intent.kind === 'again') return await send(first, intent);
    // Bookings and places in the line share their keys.
    const verb = !intent.isPart ? first.verb : first.verb === 'join' ? 'hold' : 'join';
    await send({ ...first, verb, places: placesOf(intent) }, intent);
  }

  async function send({ verb, userId, idempotencyKey, places }: Sent, intent: Intent): Promise<void> {
    if (verb === 'join') return await calls.ask(userId, joining({ userId, idempotencyKey, places }));
    const claim = { showId, ...places, idempotencyKey };
    const what = () => `${verb} ${idempotencyKey} by ${intent.token}, ${describePlaces(places)}`;
    const work = verb === 'hold' ? claimAndHold : claimAndPay;
    const paid = verb === 'hold' ? claim : { ...claim, ...paymentOf(intent) };
    const booking = await calls.call(userId, what, (ctx) => work(ctx, paid));
    calls.hear(userId, booking);
    // Whoever could not pay often tries another card, under the same key.
    const mayPay = verb === 'book' && intent.token !== 'ok' && stage.random.chance(0.5);
    if (!booking && mayPay) await send({ verb, userId, idempotencyKey, places }, { ...intent, token: 'ok' });
  }

  async function change(intent: Intent): Promise<void> {
    const bookings = [...ledger.bookings.values()];
    const booking = bookings[intent.pick % Math.max(1, bookings.length)];
    if (!booking) return await claimAnew('hold', intent);
    const userId = intent.isStranger ? userOf(intent) : booking.userId;
    const bookingId = booking.id;
    if (intent.kind === 'confirm') await confirm(intent, bookingId, userId);
    else await calls.ask(userId, requestAbout(intent, booking, userId));
  }

  async function confirm(intent: Intent, bookingId: string, userId: string): Promise<void> {
    const paid = { showId, bookingId, ...paymentOf(intent) };
    const what = () => `confirm booking ${bookingId} by ${intent.token}`;
    calls.hear(userId, await calls.call(userId, what, (ctx) => confirmAndPay(ctx, paid)));
  }

  /** As `acceptOffer`: confirms what was offered. */
  async function accept(intent: Intent): Promise<void> {
    const offered = [...ledger.entries.values()].filter(({ status }) => status === 'offered');
    const entry = offered[intent.pick % Math.max(1, offered.length)];
    if (!entry?.bookingId) return await claimAnew('join', intent);
    await confirm(intent, entry.bookingId, entry.userId);
  }

  async function giveUp(kind: 'leave' | 'decline', intent: Intent): Promise<void> {
    const entries = [...ledger.entries.values()];
    const entry = entries[intent.pick % Math.max(1, entries.length)];
    if (!entry) return await claimAnew('join', intent);
    const userId = intent.isStranger ? userOf(intent) : entry.userId;
    await calls.ask(userId, { kind, entryId: entry.id, userId });
  }

  return {
    async act(intent) {
      switch (intent.kind) {
        case 'hold':
        case 'book':
        case 'join':
          return await claimAnew(intent.kind, intent);
        case 'again':
        case 'other request':
          return await repeat(intent);
        case 'leave':
        case 'decline':
          return await giveUp(intent.kind, intent);
        case 'accept':
          return await accept(intent);
        case 'confirm':
        case 'release':
        case 'extend':
        case 'cancel':
        case 'cancel for somebody':
          return await change(intent);
        default:
          return await organise(stage, calls, intent, placesOf(intent).seatIds);
      }
    },
  };
}

const paymentOf = ({ token }: Intent) => (token === null ? {} : { payment: { provider: 'sandbox', token } });

const describePlaces = ({ seatIds, sections }: Places): string =>
  [...seatIds, ...sections.map(({ sectionId, quantity }) => `${quantity} in ${sectionId}`)].join(', ');

/** As `joinWaitlist` asks: for one section, or any where single seats were in mind. */
function joining({ userId, idempotencyKey, places }: Omit<Sent, 'verb'>): BoxOfficeRequest {
  const { seatIds, sections } = places;
  const sectionId = seatIds.length > 0 ? null : (sections[0]?.sectionId ?? null);
  const quantity = sections.reduce((sum, section) => sum + section.quantity, seatIds.length);
  const requestHash = hashRequest({ kind: 'join', sectionId, quantity });
  return { kind: 'join', userId, entryId: newId(SHARD), sectionId, quantity, idempotencyKey, requestHash };
}

/** A change of a booking that needs no money to move first. */
function requestAbout(intent: Intent, booking: BookingState, userId: string): BoxOfficeRequest {
  const bookingId = booking.id;
  if (intent.kind === 'release' || intent.kind === 'extend') return { kind: intent.kind, bookingId, userId };
  const ticketIds = intent.isPart ? booking.tickets.slice(-1).map(({ id }) => id) : null;
  const rest = { kind: 'cancel', bookingId, refundId: newId(SHARD), ticketIds } as const;
  return intent.kind === 'cancel'
    ? { ...rest, userId, actor: `user:${userId}`, reason: null, refund: 'policy' }
    : { ...rest, userId: null, actor: 'admin', reason: 'asked to', refund: intent.refund };
}
