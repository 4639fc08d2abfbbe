import superjson from 'superjson';
import type { EventlyCalls } from './calls.ts';
import type { SeatStates } from './contract.ts';
import { isProblem } from './error.ts';
import { explainFailure, ForeignAnswer } from './failure.ts';
import type { Fetch } from './link.ts';
import { pause } from './pause.ts';
import { changeSeats, createSeatMap, type LiveSeatMap, replaceStates, type SeatChanges } from './watch-seat-map.ts';
import { readStream } from './watch-stream.ts';

export interface WatchOptions {
  /** Aborting it ends the loop, which then throws the signal's reason. To leave the loop ends it, too. */
  signal?: AbortSignal | undefined;
}

/** What the client does with several calls. */
export interface WatchCalls {
  /**
   * A show's seat map, live: all seats with place, price and state, at first and after each change. A loop that takes its time
   * is given the latest map next, not each one in between. It reconnects by itself and misses nothing; where nothing can be
   * streamed, it asks every few seconds.
   *
   * Problems: `not_found`; before the first map, whatever a call may fail with.
   *
   * @example
   * ```ts
   * for await (const map of evently.events.watch({ showId }, { signal })) draw(map.seats, map.sections);
   * ```
   */
  watch(input: { showId: string }, options?: WatchOptions): AsyncIterable<LiveSeatMap>;
}

export interface WatchSettings {
  /** Without a slash at the end. */
  url: string;
  fetch: () => Fetch;
  headers: () => Promise<Record<string, string>>;
  events: Pick<EventlyCalls['events'], 'seatLayout' | 'seatStates' | 'show'>;
}

type Told = ({ kind: 'snapshot' } & SeatStates) | ({ kind: 'delta' } & SeatChanges);

/** The server pings every fifteen seconds: who hears nothing for three pings has lost it. */
const SILENCE_MS = 45_000;
/** The seat map comes at once; where it does not, something on the way holds the stream back. */
const FIRST_EVENT_MS = 10_000;
const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 5000;
/** Streams that failed without a single event, in a row, before we ask instead. */
const MAX_FAILURES = 3;
const POLL_MS = 2000;
/** Then a stream is tried again. */
const POLL_FOR_MS = 60_000;

export function createWatch(settings: WatchSettings): WatchCalls['watch'] {
  return ({ showId }, { signal } = {}) => ({
    [Symbol.asyncIterator]: () => latestOf((stopping) => listMaps(settings, showId, stopping), signal),
  });
}

/** The latest of what comes, whenever somebody asks. What comes is read on meanwhile, and its last one kept. */
async function* latestOf<T extends object>(
  start: (signal: AbortSignal) => AsyncIterable<T>,
  outer: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  outer?.throwIfAborted();
  const stopping = new AbortController();
  const onAbort = () => stopping.abort(outer?.reason);
  outer?.addEventListener('abort', onAbort, { once: true });
  let latest: T | null = null;
  let failure: { reason: unknown } | null = null;
  let wake = () => {};
  const fail = (reason: unknown) => {
    failure ??= { reason };
    wake();
  };
  stopping.signal.addEventListener('abort', () => fail(stopping.signal.reason));
  const read = async () => {
    for await (const next of start(stopping.signal)) {
      latest = next;
      wake();
    }
  };
  const take = (): T | null => {
    outer?.throwIfAborted();
    const next = latest;
    latest = null;
    if (next === null && failure) throw failure.reason;
    return next;
  };
  read().catch(fail);
  try {
    for (;;) {
      const next = take();
      if (next) yield next;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    outer?.removeEventListener('abort', onAbort);
    stopping.abort();
  }
}

async function* listMaps(
  settings: WatchSettings,
  showId: string,
  signal: AbortSignal,
): AsyncGenerator<LiveSeatMap, void> {
  const { seatLayout, show } = settings.events;
  let map: LiveSeatMap | null = null;
  for await (const told of listEvents(settings, showId, signal)) {
    if (told.kind === 'delta') map = map && changeSeats(map, told);
    else if (map?.layoutVersion === told.layoutVersion) map = replaceStates(map, told);
    else {
      const read = await Promise.all([seatLayout({ showId }, { signal }), show({ showId }, { signal })]);
      map = createSeatMap(...read, told);
    }
    if (map) yield map;
  }
}

/** What is told of a show, for as long as anybody listens: by a stream wherever that is possible. */
async function* listEvents(settings: WatchSettings, showId: string, signal: AbortSignal): AsyncGenerator<Told, void> {
  let version: number | null = null;
  for (let failures = 0; ; failures += 1) {
    let refusal = { pauseMs: 0, mustAsk: false };
    try {
      for await (const told of streamEvents(settings, showId, version, signal)) {
        version = told.version;
        failures = 0;
        yield told;
      }
    } catch (thrown) {
      signal.throwIfAborted();
      refusal = readRefusal(thrown);
    }
    if (refusal.mustAsk || failures >= MAX_FAILURES) {
      try {
        for await (const told of pollStates(settings, showId, signal)) {
          version = told.version;
          yield told;
        }
        failures = 0;
        continue;
      } catch (thrown) {
        const isOver = signal.aborted || version === null || !isProblem(thrown) || !thrown.retryable;
        if (isOver) throw thrown;
      }
    }
    await pause(Math.max(refusal.pauseMs, backoffMs(failures)), signal);
  }
}

/**
 * What a stream that failed says about the next one.
 *
 * @throws EventlyError when there will be none
 */
function readRefusal(thrown: unknown): { pauseMs: number; mustAsk: boolean } {
  const { error, again } = explainFailure(thrown, undefined);
  const isForeign = error.cause instanceof ForeignAnswer;
  if (again === 'never' && !isForeign) throw error;
  const pauseMs = 'retryAfterMs' in error.problem ? error.problem.retryAfterMs : 0;
  // The server has no room for one more, or somebody on the way does not let streams pass.
  return { pauseMs, mustAsk: again === 'always' || (again === 'never' && isForeign) };
}

const backoffMs = (failures: number) =>
  Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures) * (0.5 + Math.random() / 2);

async function* streamEvents(
  { url, fetch, headers }: WatchSettings,
  showId: string,
  version: number | null,
  outer: AbortSignal,
): AsyncGenerator<Told, void> {
  const { signal, patience, end } = startPatience(outer);
  const wish = { showId, ...(version === null ? {} : { lastEventId: String(version) }) };
  const target = `${url}/trpc/events.watch?input=${encodeURIComponent(JSON.stringify(wish))}`;
  try {
    patience(FIRST_EVENT_MS);
    const request = { url: target, headers: await headers(), fetch: fetch(), signal };
    for await (const { type, data } of readStream(request)) {
      patience(SILENCE_MS);
      if (type === 'message') yield superjson.deserialize<Told>(JSON.parse(data));
    }
  } finally {
    end();
  }
}

/** A signal that is aborted with the outer one, or when patience runs out. */
function startPatience(outer: AbortSignal) {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onAbort = () => controller.abort(outer.reason);
  outer.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    patience: (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(new DOMException('The stream fell silent.', 'TimeoutError')), ms);
    },
    end: () => {
      clearTimeout(timer);
      outer.removeEventListener('abort', onAbort);
      controller.abort();
    },
  };
}

/** The seat map whenever it is another, for a while. */
async function* pollStates({ events }: WatchSettings, showId: string, signal: AbortSignal): AsyncGenerator<Told, void> {
  let version: number | null = null;
  for (const until = performance.now() + POLL_FOR_MS; performance.now() < until; ) {
    const states = await events.seatStates({ showId }, { signal });
    if (states.version !== version) yield { kind: 'snapshot', ...states };
    version = states.version;
    await pause(POLL_MS * (0.5 + Math.random()), signal);
  }
}
