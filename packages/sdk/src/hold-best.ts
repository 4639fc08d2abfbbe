import type { CallOptions, EventlyCalls, EventlyInputs } from './calls.ts';
import type { Booking, SeatSuggestion, Show } from './contract.ts';
import { EventlyError, isProblem, type ProblemOf } from './error.ts';
import { pause } from './pause.ts';

/** A party that looks for seats: as `events.suggestSeats`, with what goes with a hold. */
export type HoldBestInput = EventlyInputs['events']['suggestSeats'] &
  Omit<EventlyInputs['bookings']['hold'], 'showId' | 'seatIds' | 'sections' | 'idempotencyKey'>;

/** What the client does with several calls. */
export interface BestSeatCalls {
  /**
   * Holds the best seats for a party: side by side if that is possible anywhere. When somebody else is faster it goes on with
   * what the refusal offers, and asks anew when that is used up; at most eight times, each with a key of its own.
   * `timeoutMs` and `signal` count for all of it.
   *
   * Problems: as `bookings.hold`; `seat_taken` only when somebody else was faster each time, `sold_out` when there are not
   * enough seats (at this price, in these sections), `invalid_input` where there are only places to stand.
   *
   * @example
   * ```ts
   * const booking = await evently.bookings.holdBest({ showId, quantity: 4, maxPrice: 6000 });
   * console.log(booking.tickets.map((ticket) => ticket.label));
   * ```
   */
  holdBest(input: HoldBestInput, options?: CallOptions): Promise<Booking>;
}

/** Seats go quickly, but whoever is too late eight times running had better choose again. */
const MAX_TRIES = 8;
/** Those who were faster are served within this time; until then their seats may be suggested again. */
const PAUSE_MS = 100;

/** The calls that it is made of. */
interface Needed {
  events: Pick<EventlyCalls['events'], 'suggestSeats' | 'show'>;
  bookings: Pick<EventlyCalls['bookings'], 'hold'>;
}

export function createHoldBest({ events, bookings }: Needed, defaultTimeoutMs: number): BestSeatCalls['holdBest'] {
  return async ({ showId, quantity, sectionIds, maxPrice, ...rest }, { signal, timeoutMs = defaultTimeoutMs } = {}) => {
    const endsAt = performance.now() + timeoutMs;
    const options = (): CallOptions => ({ signal, timeoutMs: Math.max(1, endsAt - performance.now()) });
    const wish = { showId, quantity, sectionIds, maxPrice };
    const gone = new Set<string>();
    let { suggestions: choices } = await events.suggestSeats(wish, { signal, timeoutMs });
    for (let tries = 1; ; tries += 1) {
      const [choice, ...others] = choices;
      if (!choice) throw explainNone(wish, await events.show({ showId }, options()));
      try {
        return await bookings.hold({ ...rest, showId, seatIds: choice.seatIds }, options());
      } catch (error) {
        if (!isProblem(error, 'seat_taken') || tries === MAX_TRIES) throw error;
        for (const seatId of error.problem.seatIds) gone.add(seatId);
        const offered = error.problem.alternatives?.filter((offer) => suits(offer, wish)) ?? [];
        choices = [...offered, ...others].filter(({ seatIds }) => !seatIds.some((seatId) => gone.has(seatId)));
        const pauseMs = choices.length > 0 ? 0 : PAUSE_MS * (0.5 + Math.random());
        if (performance.now() + pauseMs >= endsAt) throw error;
        if (choices.length > 0) continue;
        await pause(pauseMs, signal);
        ({ suggestions: choices } = await events.suggestSeats(wish, options()));
      }
    }
  };
}

type Wish = EventlyInputs['events']['suggestSeats'];

const isAsked = (sectionId: string, { sectionIds }: Wish): boolean =>
  !sectionIds || sectionIds.some((asked) => asked.toLowerCase() === sectionId);

/** What a refusal offers knows nothing of the party's limits. */
function suits({ sectionId, total }: SeatSuggestion, wish: Wish): boolean {
  return isAsked(sectionId, wish) && total.amount <= (wish.maxPrice ?? Number.POSITIVE_INFINITY) * wish.quantity;
}

/** Why nothing is suggested, as the server would say it of a hold. */
function explainNone(wish: Wish, show: Show): EventlyError {
  const { maxPrice = Number.POSITIVE_INFINITY } = wish;
  const seated = show.sections.filter(({ sectionId, kind }) => kind === 'seated' && isAsked(sectionId, wish));
  const [first, ...others] = seated.map(({ sectionId, price, available }) => ({
    sectionId,
    available: price.amount <= maxPrice ? available : 0,
  }));
  if (!first) {
    const message = 'names no section with seats; places to stand are held by section';
    const problem: ProblemOf<'invalid_input'> = {
      code: 'invalid_input',
      issues: [{ path: 'sectionIds', message }],
      title: 'The input is not valid',
      status: 400,
      detail: `sectionIds: ${message}`,
      retryable: false,
    };
    return new EventlyError(problem);
  }
  const { sectionId, available } = others.reduce((most, one) => (one.available > most.available ? one : most), first);
  const problem: ProblemOf<'sold_out'> = {
    code: 'sold_out',
    sectionId,
    available,
    title: 'Not enough places are left',
    status: 409,
    detail: 'There are not enough seats left for this party.',
    retryable: false,
  };
  return new EventlyError(problem);
}
