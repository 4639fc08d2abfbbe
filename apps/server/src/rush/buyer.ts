/** One buyer of a rush, from the door to a ticket or home again. All that a buyer does goes through the SDK. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createMulberry } from '@evently/api/mulberry';
import type { Booking } from '@evently/sdk';
import type { Customer, Floor } from './floor.ts';
import type { BuyerPlan } from './plan.ts';
import type { Random } from './random.ts';
import { chooseSeats, markTaken } from './seats.ts';
import { type Answer, type BuyerState, recordError, recordSale, timed } from './tally.ts';

interface Buyer {
  floor: Floor;
  customer: Customer;
  plan: BuyerPlan;
  random: Random;
  card: BuyerPlan['card'];
  ending: BuyerPlan['ending'];
  /** The seats as this buyer saw them last, a letter each. */
  seen: string;
  /** Whether the next try is made from memory, without another look. */
  trusts: boolean;
  move: (to: BuyerState) => void;
}

/** What to ask for: seats by name, or so many of a section. */
type Wish = { seatIds: string[] } | { sections: { sectionId: string; quantity: number }[] };

type Ending = 'served' | 'changed' | 'left' | 'try again';

/** Comes, looks, tries and tries again, until there is a ticket, no patience or no time left. Rejects only over a fault in here. */
export async function visit(floor: Floor, customer: Customer, plan: BuyerPlan): Promise<void> {
  const { buyers } = floor.tally;
  let state: BuyerState = 'outside';
  const move = (to: BuyerState) => {
    buyers[state] -= 1;
    buyers[to] += 1;
    state = to;
  };
  const { card, ending } = plan;
  const random = createMulberry(plan.seed);
  const buyer: Buyer = { floor, customer, plan, random, card, ending, seen: '', trusts: false, move };
  await pause(floor, plan.arrivesAfterMs);
  for (let tries = 0; tries < plan.tries && !floor.over.aborted; tries += 1) {
    move('looking');
    const wish = await makeWish(buyer);
    if (wish) {
      const came = await (plan.way === 'book' ? book(buyer, wish) : holdAndDecide(buyer, wish));
      if (came !== 'try again') return move(came);
    }
    // Nothing is free: it takes longer until somebody gives something back.
    await pause(floor, (wish ? 150 : 500) * (1 + random()) * floor.pace);
  }
  move('left');
}

async function makeWish(buyer: Buyer): Promise<Wish | null> {
  const { floor, plan, random } = buyer;
  const { seatedId, standingId } = floor.show;
  const sectionId = plan.wants === 'floor' ? standingId : seatedId;
  if (sectionId === null) return null;
  if (plan.choice === 'best') return { sections: [{ sectionId, quantity: plan.party }] };
  const available = buyer.trusts ? null : await look(buyer, sectionId);
  // The map grows old while somebody makes up their mind: that is where two want the same seat.
  await pause(floor, (100 + 400 * random()) * floor.pace);
  if (floor.over.aborted) return null;
  if (plan.wants === 'floor') {
    return available ? { sections: [{ sectionId, quantity: Math.min(plan.party, available) }] } : null;
  }
  const seats = chooseSeats(floor.ranked, buyer.seen, plan.party, random);
  return seats.length === 0 ? null : { seatIds: seats.map(({ seatId }) => seatId) };
}

/** Reads the map. @returns how many places of a section are free; null when the map could not be read */
async function look(buyer: Buyer, sectionId: string): Promise<number | null> {
  const { floor, customer } = buyer;
  const { showId } = floor.show;
  const answer = await timed(floor.tally, 'look', customer.userId, () =>
    customer.evently.events.seatStates({ showId }),
  );
  if (!answer || !('value' in answer)) return null;
  buyer.seen = answer.value.states;
  return answer.value.sections.find((section) => section.sectionId === sectionId)?.available ?? 0;
}

async function book(buyer: Buyer, wish: Wish): Promise<Ending> {
  const { floor, customer } = buyer;
  const { showId } = floor.show;
  const answer = await timed(floor.tally, 'book', customer.userId, () =>
    customer.evently.bookings.book({ showId, ...wish, ...paymentOf(buyer) }),
  );
  const booking = settle(buyer, answer);
  return booking ? sell(buyer, booking) : answer ? 'try again' : 'left';
}

async function holdAndDecide(buyer: Buyer, wish: Wish): Promise<Ending> {
  const { floor, customer, plan } = buyer;
  const { showId, holdSeconds } = floor.show;
  const answer = await timed(floor.tally, 'hold', customer.userId, () =>
    customer.evently.bookings.hold({ showId, ...wish }),
  );
  const hold = settle(buyer, answer);
  if (!hold) return answer ? 'try again' : 'left';
  floor.holds.set(hold.id, customer);
  if (buyer.ending === 'lapse') return 'changed';
  buyer.move('deciding');
  await pause(floor, (buyer.ending === 'dawdle' ? 1.1 : plan.thinksFor) * holdSeconds * 1000);
  if (buyer.ending === 'release') return await release(buyer, hold.id);
  // Nobody dawdles twice.
  buyer.ending = 'confirm';
  return await confirm(buyer, hold.id);
}

/** Whose card is declined takes out another one. */
const CARDS = 2;

async function confirm(buyer: Buyer, bookingId: string): Promise<Ending> {
  const { floor, customer } = buyer;
  for (let card = 1; card <= CARDS; card += 1) {
    const answer = await timed(floor.tally, 'confirm', customer.userId, () =>
      customer.evently.bookings.confirm({ bookingId, ...paymentOf(buyer) }),
    );
    const booking = settle(buyer, answer);
    if (booking) return sell(buyer, booking);
    if (answer === null) return 'left';
    if (!('refused' in answer) || answer.refused !== 'payment_declined') break;
  }
  return 'try again';
}

async function release({ floor, customer }: Buyer, bookingId: string): Promise<Ending> {
  const answer = await timed(floor.tally, 'release', customer.userId, () =>
    customer.evently.bookings.release({ bookingId }),
  );
  if (answer && 'value' in answer) floor.holds.delete(bookingId);
  return 'changed';
}

/** The booking, or null and what the buyer learns from the refusal. */
function settle(buyer: Buyer, answer: Answer<Booking>): Booking | null {
  buyer.trusts = false;
  if (answer === null) return null;
  if ('value' in answer) return answer.value;
  if (answer.refused === 'payment_declined') buyer.card = 'pm_ok';
  if (answer.refused === 'seat_taken') {
    buyer.seen = markTaken(buyer.floor.ranked, buyer.seen, answer.seatIds);
    // Half of those who were too slow try other seats at once, from memory; the others look again.
    buyer.trusts = buyer.random() < 0.5;
  }
  return null;
}

function sell({ floor, customer }: Buyer, booking: Booking): Ending {
  floor.holds.delete(booking.id);
  if (booking.status !== 'confirmed') {
    recordError(floor.tally, `a sale was answered with booking ${booking.id} in status ${booking.status}`);
    return 'left';
  }
  recordSale(floor.tally, customer.userId, booking, performance.now() - floor.beganAt);
  return 'served';
}

const paymentOf = ({ floor, card }: Buyer) =>
  floor.show.price === 0 ? {} : { payment: { provider: 'sandbox', token: card } };

/** Waits, but not beyond the moment when the doors close. */
async function pause({ over }: Floor, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: over }).catch(() => undefined);
}
