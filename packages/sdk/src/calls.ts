import type { AnyTRPCProcedure } from '@trpc/server';
import type { Contract } from './contract.ts';

/** What each call takes besides its input. */
export interface CallOptions {
  /** Aborting it rejects the call at once with the signal's reason, also between two attempts. */
  signal?: AbortSignal | undefined;
  /** How long the call may take, with its retries, in milliseconds. Absent: the client's `timeoutMs`. */
  timeoutMs?: number | undefined;
}

interface KeyInput {
  /**
   * Names this attempt, in 1 to 255 visible ASCII characters: the same key with the same request gives the same answer
   * again. Filled in when it is left out; retries send the same one.
   */
  idempotencyKey?: string | undefined;
}

// By way of `infer`, since then editors show the fields and not how they came about.
type Flat<T> = T extends infer Flattened ? { [K in keyof Flattened]: Flattened[K] } : never;

// `Pick` over the keys that stay, since it keeps their comments.
type WithOptionalKey<I> = 'idempotencyKey' extends keyof I
  ? Flat<Pick<I, Exclude<keyof I, 'idempotencyKey'>> & KeyInput>
  : I;

type InputOf<P extends AnyTRPCProcedure> = WithOptionalKey<P['_def']['$types']['input']>;
type OutputOf<P extends AnyTRPCProcedure> = P['_def']['$types']['output'];

type MayBeLeftOut<I> = undefined extends I ? true : Partial<I> extends I ? true : false;

type Call<I, O> =
  MayBeLeftOut<I> extends true
    ? (input?: I, options?: CallOptions) => Promise<O>
    : (input: I, options?: CallOptions) => Promise<O>;

/** A call that answers one page of a list, and through `all` every page. */
export interface PagedCall<I, O, Item> {
  /** Answers one page; `nextCursor`, sent back as `cursor`, asks for the next. */
  (input?: I, options?: CallOptions): Promise<O>;
  /**
   * The items of every page, from `cursor` or the beginning. A page is fetched when its first item is asked for, and no
   * more of them once the loop is left. `timeoutMs` counts for each page.
   *
   * @example
   * ```ts
   * for await (const event of evently.events.list.all({ city: 'Vienna' })) console.log(event.name);
   * ```
   */
  all(input?: I, options?: CallOptions): AsyncIterable<Item>;
}

type CallOf<P extends AnyTRPCProcedure> =
  OutputOf<P> extends { items: (infer Item)[]; nextCursor: string | null }
    ? PagedCall<InputOf<P>, OutputOf<P>, Item>
    : Call<InputOf<P>, OutputOf<P>>;

/** What answers once: what goes on answering has a call of its own. */
type Calls<R> = { [K in keyof R]: R[K] extends { _def: { type: 'subscription' } } ? never : K }[keyof R];

// Mapped over the record itself, so that the comments of the procedures show up at the calls.
type CallsOf<R> = {
  readonly [K in keyof R as Extract<K, Calls<R>>]: R[K] extends AnyTRPCProcedure ? CallOf<R[K]> : CallsOf<R[K]>;
};
type InputsOf<R> = {
  [K in keyof R as Extract<K, Calls<R>>]: R[K] extends AnyTRPCProcedure ? InputOf<R[K]> : InputsOf<R[K]>;
};
type OutputsOf<R> = {
  [K in keyof R as Extract<K, Calls<R>>]: R[K] extends AnyTRPCProcedure ? OutputOf<R[K]> : OutputsOf<R[K]>;
};

type Routes = Contract['_def']['record'];

/** One typed call for each procedure, nested as the API is. */
export type EventlyCalls = CallsOf<Routes>;

/**
 * What the calls take.
 *
 * @example
 * ```ts
 * type NewVenue = EventlyInputs['admin']['venues']['create'];
 * ```
 */
export type EventlyInputs = InputsOf<Routes>;

/**
 * What the calls answer.
 *
 * @example
 * ```ts
 * type EventPage = EventlyOutputs['events']['list'];
 * ```
 */
export type EventlyOutputs = OutputsOf<Routes>;
