/**
 * All that the SDK takes from the API: types. In what is published this file stands printed out in full
 * (scripts/print-contract.ts), so that nothing of the server's travels along. An export is either handed through from the
 * API, or a model: a name for what some procedure answers.
 */
import type { Contract } from '@evently/api/contract';
import type { inferRouterOutputs } from '@trpc/server';

export type { Contract } from '@evently/api/contract';
export type { ErrorData, ErrorShape } from '@evently/api/error-shape';
export type { DescribedProblem, InputIssue, Problem, ProblemCode, SeatSuggestion } from '@evently/api/problem';

type Outputs = inferRouterOutputs<Contract>;

/** An amount of money. */
export type Money = Booking['total'];

/** An account. */
export type User = Outputs['auth']['me'];

/** An event with its shows. */
export type Event = Outputs['events']['get'];

/** An event in a list of events to visit. */
export type ListedEvent = Outputs['events']['list']['items'][number];

/** One performance of an event, with what is left of each section. */
export type Show = Outputs['events']['show'];

/** Where the seats of a show are. */
export type SeatLayout = Outputs['events']['seatLayout'];

/** Which seats of a show are free. */
export type SeatStates = Outputs['events']['seatStates'];

/** A booking as its owner sees it. A hold is a booking in status `held`. */
export type Booking = Outputs['bookings']['get'];

/** One place of a booking. */
export type Ticket = Booking['tickets'][number];

/** A venue with the sections of its present layout. */
export type Venue = Outputs['admin']['venues']['get'];

/** Somebody's place in the waitlist of a show. */
export type WaitlistEntry = Outputs['waitlist']['get'];

/** Where somebody stands in the waiting room of a show. */
export type WaitingRoomPlace = Outputs['waitingRoom']['join'];
