import type { Offer } from '../stage/overload.ts';
import { formatRate } from './figures.ts';
import { type Series, writeChart } from './plot.ts';

/** Throughput and latency over the load that was offered, from half of what is borne to ten times as much. */
export function drawOverload(borne: number, offers: readonly Offer[]): string {
  const line = (name: string, colour: string, of: (offer: Offer) => number | null, dashed = false): Series => ({
    ...{ name, colour, dashed },
    points: offers.map((offer) => ({ x: offer.perSecond, y: of(offer) })),
  });
  const perSecond = (of: (offer: Offer) => number) => (offer: Offer) => of(offer) / offer.seconds;
  return writeChart({
    title: 'Ten times the sustainable load',
    subtitle: `One hot show, open loop; the server bears ${formatRate(borne, 'bookings')} (99 % sold, p99 ≤ 150 ms).`,
    label: 'bookings offered per second, and as a multiple of what is borne',
    ticks: offers.map(({ perSecond: x }) => ({
      x,
      label: `${Math.round(x).toLocaleString('en')} (${(x / borne).toLocaleString('en')} ×)`,
    })),
    panels: [
      {
        label: 'per second',
        scale: 'linear',
        series: [
          line(
            'sold',
            '#1b7837',
            perSecond(({ doneInTime }) => doneInTime),
          ),
          line(
            'refused',
            '#b2182b',
            perSecond(({ refused }) => Object.values(refused).reduce((sum, times) => sum + times, 0)),
          ),
          line(
            'not sent',
            '#777',
            perSecond(({ unsent }) => unsent),
            true,
          ),
        ],
      },
      {
        label: 'milliseconds',
        scale: 'log',
        series: [
          line('sales, p50', '#1b7837', ({ latency }) => latency?.p50 ?? null),
          line('sales, p99', '#1b7837', ({ latency }) => latency?.p99 ?? null, true),
          line('refusals, p50', '#b2182b', ({ refusalLatency }) => refusalLatency?.p50 ?? null),
          line('refusals, p99', '#b2182b', ({ refusalLatency }) => refusalLatency?.p99 ?? null, true),
        ],
      },
    ],
  });
}
