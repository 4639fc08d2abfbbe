import { z } from 'zod';

export const seatStatesOutput = z.object({
  showId: z.string(),
  layoutVersion: z.int(),
  /** Grows with every change of what the show has to sell. */
  version: z.int(),
  /** One character per seat in layout order: `a`vailable, `h`eld, `b`ooked, `x` kept back by the organiser. */
  states: z.string(),
  sections: z.array(z.object({ sectionId: z.string(), available: z.int() })),
});

/** What those who watch a show are sent. */
export const watchOutput = z.discriminatedUnion('kind', [
  /** The whole seat map: at first, and whenever changes alone would not lead to it, or would take longer. */
  seatStatesOutput.extend({ kind: z.literal('snapshot') }),
  z.object({
    kind: z.literal('delta'),
    /** Of the show, once these changes are made. */
    version: z.int(),
    changes: z.array(
      z.object({
        seatId: z.string(),
        /** Where the seat stands among the `states` of the snapshot. */
        index: z.int(),
        state: z.enum(['a', 'h', 'b', 'x']),
      }),
    ),
    /** All sections, as in the snapshot. */
    sections: z.array(z.object({ sectionId: z.string(), available: z.int() })),
  }),
]);

export type WatchData = z.infer<typeof watchOutput>;

/** One for all who watch the show: whoever sends it may write it down once and send that. */
export interface WatchEvent {
  /** What it leads to. Who was sent it and comes back may name this version. */
  version: number;
  data: WatchData;
}

/** Somebody who watches a show. */
export interface Watcher {
  /** Is given each event in order, beginning with what is missing. It is quick and never throws. */
  take(event: WatchEvent): void;
}
