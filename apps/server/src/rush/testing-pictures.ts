import type { Picture } from './picture.ts';

/** A small rush in its third second; every figure in it differs from every other. */
export const picture: Picture = {
  name: 'Rush 20:15:00',
  url: 'http://127.0.0.1:3000',
  buyers: { outside: 40, looking: 21, deciding: 5, served: 11, changed: 2, left: 1 },
  elapsedMs: 3400,
  lastsMs: 10_000,
  isOver: false,
  rows: [
    { row: 'A', marks: 'bbbb' },
    { row: 'B', marks: 'abhhba' },
    { row: 'C', marks: 'aaaahhxa' },
  ],
  standing: { capacity: 20, sold: 10, held: 4 },
  capacity: 38,
  bookingsSold: 11,
  ticketsSold: 16,
  soldPerSecond: [8, 0, 6, 2],
  refusals: [
    ['sold_out', 3],
    ['seat_taken', 12],
  ],
  errors: 0,
  latency: { count: 70, p50: 4.14, p90: 9.96, p99: 23.4, max: 31 },
};
