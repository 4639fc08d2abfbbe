import type { EventlyCalls, EventlyInputs } from './calls.ts';
import type { WaitingRoomPlace } from './contract.ts';
import { EventlyError, isProblem } from './error.ts';
import { pause } from './pause.ts';

export interface EnterOptions {
  /**
   * Aborting it rejects with the signal's reason. The place is kept for some time after that; to give it up, call
   * `waitingRoom.leave`.
   */
  signal?: AbortSignal | undefined;
  /** Told of each answer while one waits. `place.queueToken`, kept over a reload of the page, brings one back to the place. */
  onPosition?: ((place: WaitingRoomPlace) => void) | undefined;
}

/** What the client does with several calls. */
export interface WaitingRoomCalls {
  /**
   * Waits in the waiting room of a show for as long as it takes, and answers the token of the admission, which
   * `bookings.hold` and `bookings.book` take as `admissionToken` for five minutes; null when nobody has to wait. It asks as
   * often as the server wishes, and comes back to its place should the server lose it.
   *
   * Problems: as `waitingRoom.join`; a server that cannot be reached twenty times running.
   *
   * @example
   * ```ts
   * const admissionToken = await evently.waitingRoom.enter({ showId }, { onPosition: ({ position }) => show(position) });
   * const booking = await evently.bookings.hold({ showId, seatIds, ...(admissionToken && { admissionToken }) });
   * ```
   */
  enter(input: EventlyInputs['waitingRoom']['join'], options?: EnterOptions): Promise<string | null>;
}

/** At two to thirty seconds each: an outage that lasts longer is for the caller to decide about. */
const MAX_FAILURES = 20;
const FIRST_RETRY_MS = 2000;

export function createEnterRoom(room: Pick<EventlyCalls['waitingRoom'], 'join' | 'status'>): WaitingRoomCalls['enter'] {
  return async ({ showId, queueToken: brought }, { signal, onPosition } = {}) => {
    let last: WaitingRoomPlace | null = null;
    const join = () => {
      const queueToken = last?.queueToken ?? brought;
      return room.join({ showId, ...(queueToken ? { queueToken } : {}) }, { signal });
    };
    const ask = async () => {
      if (last === null) return await join();
      try {
        return await room.status({ showId }, { signal });
      } catch (error) {
        // The server has lost the line, or has given one up: the token knows the place.
        if (isProblem(error, 'not_found')) return await join();
        throw error;
      }
    };
    for (let failures = 0; ; ) {
      let pauseMs = last?.pollAfterMs ?? FIRST_RETRY_MS;
      try {
        last = await ask();
        if (last.state === 'open') return null;
        if (last.state === 'admitted' && last.admissionToken !== undefined) return last.admissionToken;
        onPosition?.(last);
        failures = 0;
        pauseMs = last.pollAfterMs;
      } catch (error) {
        failures += 1;
        const mayPass = error instanceof EventlyError && error.retryable && failures < MAX_FAILURES;
        if (!mayPass) throw error;
        if ('retryAfterMs' in error.problem) pauseMs = Math.max(pauseMs, error.problem.retryAfterMs);
      }
      await pause(pauseMs, signal);
    }
  };
}
