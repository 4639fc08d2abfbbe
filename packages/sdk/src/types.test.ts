/** Held by the compiler: none of these calls is made. What must not compile stands in fixtures/consumer. */
import type { TRPCClientErrorLike } from '@trpc/client';
import { expectTypeOf, test } from 'vitest';
import type {
  Booking,
  CallOptions,
  Contract,
  Evently,
  EventlyInputs,
  EventlyOutputs,
  ListedEvent,
  Money,
  Problem,
  ProblemCode,
  SeatSuggestion,
  Venue,
} from './index.ts';
import { type createEvently, type EventlyError, isProblem } from './index.ts';
import type { procedures } from './procedures.ts';

type PathsOf<R, Prefix extends string = ''> = {
  [K in keyof R & string]: R[K] extends (...args: never) => unknown ? `${Prefix}${K}` : PathsOf<R[K], `${Prefix}${K}.`>;
}[keyof R & string];

test('there is a call for every procedure, and no other', () => {
  expectTypeOf<
    Exclude<PathsOf<Omit<Evently, 'trpc'>>, 'bookings.holdBest' | 'events.watch' | 'waitingRoom.enter'>
  >().toEqualTypeOf<keyof typeof procedures>();
});

test('the key is optional where a procedure takes one, required or not', () => {
  type Book = EventlyInputs['bookings']['book'];
  expectTypeOf<Book['idempotencyKey']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<{ showId: string; seatIds: string[] }>().toExtend<Book>();
  expectTypeOf<EventlyInputs['admin']['venues']['create']['idempotencyKey']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<EventlyInputs['bookings']['release']>().toEqualTypeOf<{ bookingId: string }>();
});

test('calls answer the models', () => {
  expectTypeOf<ReturnType<Evently['bookings']['book']>>().toEqualTypeOf<Promise<Booking>>();
  expectTypeOf<ReturnType<Evently['admin']['venues']['create']>>().toEqualTypeOf<Promise<Venue>>();
  expectTypeOf<EventlyOutputs['events']['list']>().toEqualTypeOf<{ items: ListedEvent[]; nextCursor: string | null }>();
  expectTypeOf<Booking['createdAt']>().toEqualTypeOf<Date>();
  expectTypeOf<Booking['total']>().toEqualTypeOf<Money>();
});

test('an input may be left out exactly where nothing in it is required', () => {
  expectTypeOf<[]>().toExtend<Parameters<Evently['auth']['me']>>();
  expectTypeOf<[]>().toExtend<Parameters<Evently['events']['list']>>();
  expectTypeOf<[]>().not.toExtend<Parameters<Evently['events']['get']>>();
  expectTypeOf<Parameters<Evently['events']['get']>>().toEqualTypeOf<
    [input: { eventId: string }, options?: CallOptions | undefined]
  >();
});

test('only lists have all, and it yields their items', () => {
  expectTypeOf<Evently['events']['list']['all']>().returns.toEqualTypeOf<AsyncIterable<ListedEvent>>();
  expectTypeOf<Evently['bookings']['list']['all']>().returns.toEqualTypeOf<AsyncIterable<Booking>>();
  expectTypeOf<Evently['events']['get']>().not.toHaveProperty('all');
});

test('a problem is narrowed by its code, and an error of one code is an error of any', () => {
  const check = (error: unknown) => {
    if (!isProblem(error)) return;
    expectTypeOf(error).toEqualTypeOf<EventlyError>();
    expectTypeOf(error.problem).toExtend<Problem>();
    if (error.problem.code === 'limit_exceeded') expectTypeOf(error.problem.limit).toEqualTypeOf<number>();
    if (isProblem(error, 'seat_taken')) {
      expectTypeOf(error.problem.seatIds).toEqualTypeOf<string[]>();
      expectTypeOf(error.problem.alternatives).toEqualTypeOf<SeatSuggestion[] | undefined>();
      expectTypeOf(error).toExtend<EventlyError>();
    }
    if (isProblem(error, 'overloaded', 'unavailable')) expectTypeOf(error.problem.retryAfterMs).toEqualTypeOf<number>();
  };
  expectTypeOf(check).toBeFunction();
  expectTypeOf<EventlyError['problem']['code']>().toEqualTypeOf<ProblemCode>();
});

test('the plain tRPC client types outputs and errors', () => {
  expectTypeOf<ReturnType<Evently['trpc']['bookings']['get']['query']>>().toExtend<Promise<Booking>>();
  type Data = NonNullable<TRPCClientErrorLike<Contract>['data']>;
  expectTypeOf<Data['problem']['code']>().toEqualTypeOf<ProblemCode>();
  type OwnShape = Contract['_def']['record']['bookings']['book']['_def']['$types']['errorShape'];
  expectTypeOf<OwnShape['data']['problem']['code']>().toEqualTypeOf<ProblemCode>();
});

test('options take a token, a function for it, or nothing', () => {
  type Options = Parameters<typeof createEvently>[0];
  expectTypeOf<string>().toExtend<Options['token']>();
  expectTypeOf<() => Promise<string | null>>().toExtend<Options['token']>();
  expectTypeOf<null>().toExtend<Options['token']>();
  expectTypeOf<typeof globalThis.fetch>().toExtend<NonNullable<Options['fetch']>>();
});
