import { LRUCache } from 'lru-cache';
import type { Selling } from '../bookings/claim-places.ts';
import { noSeatLocks } from '../locks.ts';
import { createSimulatedOffice } from './office.ts';
import { createProvider, type Payer } from './provider.ts';
import type { Stage } from './stage.ts';

/** A server process: all that it knows beyond the database is gone when it crashes. */
export interface Process extends Payer {
  selling: Omit<Selling, 'actor'>;
  /** Serves a call. @throws ConnectionLost when the process crashes before it is answered */
  serve: <T>(work: (selling: Omit<Selling, 'actor'>) => Promise<T>) => Promise<T>;
  crash: () => void;
}

/** The caller does not know what became of the call. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

const MAX_PLACES = 100;

export function createProcess(stage: Stage, name: string): Process {
  const { plan } = stage;
  const calls = new Set<(error: Error) => void>();
  const note = (_facts: object, message: string) => stage.tell(() => `${name} notes: ${message}`);
  const owner: Payer = { name, isDead: false, isSpared: false };
  const provider = createProvider(stage, owner);
  const selling: Omit<Selling, 'actor'> = {
    boxOffice: createSimulatedOffice(stage, owner),
    bookingPlaces: new LRUCache({ max: MAX_PLACES }),
    payments: { providers: new Map([[provider.name, provider]]), underWay: new Map() },
    plans: { find: async () => plan },
    // What stands in front of the box office sheds load and decides nothing.
    locks: noSeatLocks,
    alternatives: { find: async () => [] },
    log: { info: note, warn: note, error: note },
  };
  return Object.assign(owner, {
    selling,
    serve: <T>(work: (selling: Omit<Selling, 'actor'>) => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        calls.add(reject);
        work(selling)
          .then(resolve, reject)
          .finally(() => calls.delete(reject));
      }),
    crash() {
      stage.tell(() => `${name} crashes`);
      owner.isDead = true;
      stage.schedule.bury();
      stage.lock.release(owner);
      for (const reject of calls) reject(new ConnectionLost());
    },
  });
}
