/** For tests: somebody who watches and knows nothing but what they are sent. */
import type { WatchEvent, Watcher } from './watch-events.ts';

export interface Followed {
  events: WatchEvent[];
  /** What they see by now; empty before the first event. */
  states(): string;
  version(): number;
  leave(): void;
}

/** Joins, and follows the events as a client does. */
export function followEvents(join: (watcher: Watcher) => () => void): Followed {
  const events: WatchEvent[] = [];
  const leave = join({ take: (event) => void events.push(event) });
  return { events, states: () => statesAfter(events), version: () => events.at(-1)?.version ?? -1, leave };
}

/** The seat map that events lead to. */
export function statesAfter(events: readonly Pick<WatchEvent, 'data'>[]): string {
  let states: string[] = [];
  for (const { data } of events) {
    if (data.kind === 'snapshot') states = [...data.states];
    else for (const { index, state } of data.changes) states[index] = state;
  }
  return states.join('');
}
