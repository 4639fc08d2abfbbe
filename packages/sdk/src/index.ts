/** What `@evently/sdk` offers. */
export type { CallOptions, EventlyCalls, EventlyInputs, EventlyOutputs, PagedCall } from './calls.ts';
export type {
  Booking,
  Contract,
  DescribedProblem,
  ErrorData,
  ErrorShape,
  Event,
  InputIssue,
  ListedEvent,
  Money,
  Problem,
  ProblemCode,
  SeatLayout,
  SeatStates,
  SeatSuggestion,
  Show,
  Ticket,
  User,
  Venue,
  WaitingRoomPlace,
  WaitlistEntry,
} from './contract.ts';
export { createEvently, type Evently, type EventlyOptions } from './create-evently.ts';
export type { EnterOptions, WaitingRoomCalls } from './enter-room.ts';
export { EventlyError, isProblem, type ProblemOf } from './error.ts';
export type { BestSeatCalls, HoldBestInput } from './hold-best.ts';
export type { WatchCalls, WatchOptions } from './watch.ts';
export type { LiveSeat, LiveSeatMap, LiveSection, SeatState } from './watch-seat-map.ts';
