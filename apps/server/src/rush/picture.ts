/** A rush under way, as lines for a terminal: pure. */
import type { ProblemCode } from '@evently/sdk';
import { countMarks, drawBar, drawHall, drawSparkline, type HallRow, withRight } from './hall.ts';
import type { Percentiles } from './percentiles.ts';
import { centre, fit, type Style } from './style.ts';
import type { BuyerState } from './tally.ts';

/** What there is to see. */
export interface Picture {
  name: string;
  url: string;
  buyers: Record<BuyerState, number>;
  elapsedMs: number;
  lastsMs: number;
  isOver: boolean;
  /** The seats, the front row first. */
  rows: HallRow[];
  /** Null where nobody may stand. */
  standing: { capacity: number; sold: number; held: number } | null;
  capacity: number;
  bookingsSold: number;
  ticketsSold: number;
  /** Tickets, second by second. */
  soldPerSecond: number[];
  refusals: [ProblemCode, number][];
  errors: number;
  /** Of the latest calls that buy; null before the first. */
  latency: Percentiles | null;
}

export interface Size {
  columns: number;
  rows: number;
}

/** The whole picture, in at most so many lines of at most so many columns. */
export function drawPicture(picture: Picture, style: Style, { columns, rows }: Size): string[] {
  const head = drawHead(picture, style, columns);
  const places = drawPlaces(picture, style, columns);
  const figures = drawFigures(picture, style, columns);
  const hall = drawHall(picture.rows, style, columns);
  // Lower terminals do without what is only beautiful, and the lowest ones without the hall.
  const layouts = [
    hall && [...head, '', ...hall.lines, '', ...places.besideHall, '', ...figures],
    hall && [...head, ...hall.lines.slice(1), ...places.besideHall, ...figures],
    [...head, '', ...places.withoutHall, '', ...figures],
    [...places.withoutHall, ...figures],
  ];
  const fitting = layouts.find((lines) => lines !== null && lines.length <= rows);
  return (fitting ?? figures).slice(0, rows).map((line) => fit(line, columns));
}

/** The hall and what is left of it, for whoever reads it afterwards. */
export function drawOutcome(picture: Picture, style: Style, columns: number): string[] {
  const hall = drawHall(picture.rows, style, columns);
  const { besideHall, withoutHall } = drawPlaces(picture, style, columns);
  const lines = hall ? [...hall.lines, '', ...besideHall] : withoutHall;
  return lines.map((line) => fit(line, columns));
}

function drawHead({ name, url, elapsedMs, lastsMs, isOver }: Picture, style: Style, columns: number): string[] {
  const time = isOver ? 'the doors are closed' : `${Math.floor(elapsedMs / 1000)} s of ${lastsMs / 1000} s`;
  const width = Math.max(0, columns - 4);
  const gone = Math.min(width, Math.round((elapsedMs / lastsMs) * width));
  const { timeline } = style;
  return [
    withRight(`  ${style.bold(name)}  ${style.dim(url)}`, `${time}  `, columns),
    `  ${style.gone(timeline.gone.repeat(gone))}${style.dim(timeline.left.repeat(width - gone))}`,
  ];
}

/** What is sold, held and free, where the seats are drawn one by one and where they are not. */
function drawPlaces(picture: Picture, style: Style, columns: number) {
  const { a: free, h: held, b: sold, x: blocked } = countMarks(picture.rows);
  const { seats } = style;
  const seatsPerMark = drawHall(picture.rows, style, columns)?.seatsPerMark ?? 1;
  const legend = [
    `${style.dim(seats.a)} free ${free}`,
    `${style.held(seats.h)} held ${held}`,
    `${style.sold(seats.b)} sold ${sold}`,
    ...(seatsPerMark > 1 ? [style.dim(`a mark for up to ${seatsPerMark} seats`)] : []),
  ];
  const bar = (name: string, places: { capacity: number; sold: number; held: number }) => {
    const left = places.capacity - places.sold - places.held;
    const counts = [`${places.sold} sold`, `${places.held} held`, `${left} free`].join(style.separator);
    const width = Math.max(5, Math.min(50, columns - NAME_WIDTH - 2 - 30));
    return `${heading(name, style)}${drawBar(places, width, style)}  ${counts}`;
  };
  const standing = picture.standing ? [bar('Floor', picture.standing)] : [];
  const capacity = free + held + sold + blocked;
  const seated = capacity > 0 ? [bar('Seats', { capacity, sold, held })] : [];
  return {
    besideHall: [centre(legend.join('    '), columns), ...standing],
    withoutHall: [...seated, ...standing],
  };
}

const NAME_WIDTH = 12;
const heading = (name: string, style: Style) => `  ${style.bold(name.padEnd(NAME_WIDTH - 2))}`;

function drawFigures(picture: Picture, style: Style, columns: number): string[] {
  const { capacity, bookingsSold, ticketsSold, soldPerSecond, latency, buyers, errors } = picture;
  const seconds = Math.ceil(picture.elapsedMs / 1000);
  const perSecond = Array.from({ length: seconds }, (_, second) => soldPerSecond[second] ?? 0);
  const rate = `now ${perSecond.at(-2) ?? 0}/s, peak ${Math.max(0, ...perSecond)}/s`;
  const spark = drawSparkline(perSecond, columns - NAME_WIDTH - rate.length - 4, style);
  const refused = picture.refusals.reduce((sum, [, count]) => sum + count, 0);
  const people: [string, number][] = [
    ['to come', buyers.outside],
    ['looking', buyers.looking],
    ['deciding', buyers.deciding],
    ['served', buyers.served],
    ['gone without', buyers.left + buyers.changed],
  ];
  return [
    `${heading('Sold', style)}${ticketsSold} of ${capacity} tickets, in ${bookingsSold} bookings`,
    `${heading('Tickets', style)}${spark}${perSecond.length > 0 ? '  ' : ''}${rate}`,
    `${heading('Refused', style)}${String(refused).padEnd(6)}${style.dim(drawRefusals(picture.refusals, style))}`,
    `${heading('Latency', style)}${latency ? drawLatency(latency, style) : style.dim('nobody has bought anything yet')}`,
    `${heading('Buyers', style)}${people.map(([what, count]) => `${count} ${what}`).join(style.separator)}`,
    ...(errors > 0 ? [`${heading('Errors', style)}${style.bad(String(errors))}`] : []),
  ];
}

/** By how often each happened: `seat_taken 301 · sold_out 99`. */
export function drawRefusals(refusals: readonly (readonly [ProblemCode, number])[], style: Style): string {
  return refusals
    .toSorted(([, a], [, b]) => b - a)
    .map(([code, count]) => `${code} ${count}`)
    .join(style.separator);
}

function drawLatency({ p50, p99, max }: Percentiles, style: Style): string {
  return [`p50 ${inMs(p50)}`, `p99 ${inMs(p99)}`, `max ${inMs(max)}`].join(style.separator);
}

/** Three digits are as much as a measurement says. */
export function inMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** A line a second, for where nothing can be drawn. */
export function describeSecond(picture: Picture, style: Style): string {
  const { elapsedMs, ticketsSold, capacity, latency } = picture;
  const refused = picture.refusals.reduce((sum, [, count]) => sum + count, 0);
  const held = countMarks(picture.rows).h + (picture.standing?.held ?? 0);
  const facts = [
    `sold ${ticketsSold} of ${capacity}`,
    `held ${held}`,
    `refused ${refused}`,
    ...(latency ? [`p50 ${inMs(latency.p50)}`, `p99 ${inMs(latency.p99)}`] : []),
    ...(picture.errors > 0 ? [`errors ${picture.errors}`] : []),
  ];
  return `  ${String(Math.round(elapsedMs / 1000)).padStart(3)} s  ${facts.join(style.separator)}`;
}
