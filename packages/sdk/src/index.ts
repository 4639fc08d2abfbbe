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
} from './contract.ts';
export { createEvently, type Evently, type EventlyOptions } from './create-evently.ts';
export { EventlyError, isProblem, type ProblemOf } from './error.ts';
