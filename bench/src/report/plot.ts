/** A small writer of line charts as SVG: pure, dark on light, legible in print. */

export interface Series {
  name: string;
  /** As in CSS. */
  colour: string;
  dashed?: boolean;
  /** By x; points without a value are left out. */
  points: readonly { x: number; y: number | null }[];
}

export interface Panel {
  /** What the y axis shows, with its unit. */
  label: string;
  /** Logarithmic, for what spans several magnitudes. */
  scale: 'linear' | 'log';
  series: readonly Series[];
}

export interface Chart {
  title: string;
  subtitle: string;
  /** What the x axis shows, with its unit; it is logarithmic. */
  label: string;
  /** Where the x axis is marked. */
  ticks: readonly { x: number; label: string }[];
  /** One below the other, over the same x axis. */
  panels: readonly Panel[];
}

const WIDTH = 860;
const PANEL_HEIGHT = 270;
const HEAD = 74;
const GAP = 56;
const FOOT = 64;
const LEFT = 84;
const RIGHT = 200;
const INNER = WIDTH - LEFT - RIGHT;

/** @throws RangeError when there is nothing to show */
export function writeChart({ title, subtitle, label, ticks, panels }: Chart): string {
  const xs = ticks.map(({ x }) => x);
  if (xs.length < 2 || panels.length === 0) throw new RangeError('a chart needs two marks and a panel');
  const left = Math.log(Math.min(...xs));
  const across = Math.log(Math.max(...xs)) - left;
  const xAt = (x: number) => LEFT + ((Math.log(x) - left) / across) * INNER;
  const height = HEAD + panels.length * PANEL_HEIGHT + (panels.length - 1) * GAP + FOOT;
  const drawn = panels.map((panel, i) => drawPanel(panel, HEAD + i * (PANEL_HEIGHT + GAP), ticks, xAt));
  const bottom = height - FOOT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="#222">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(LEFT, 28, title, 'font-size="18" font-weight="600"'),
    text(LEFT, 50, subtitle, 'fill="#555"'),
    ...drawn,
    text(LEFT + INNER / 2, bottom + 46, label, 'text-anchor="middle"'),
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel(panel: Panel, top: number, ticks: Chart['ticks'], xAt: (x: number) => number): string {
  const { label, scale } = panel;
  const series = panel.series.filter(({ points }) => points.some(({ y }) => y !== null));
  const bottom = top + PANEL_HEIGHT;
  const values = series.flatMap(({ points }) => points.flatMap(({ y }) => y ?? []));
  const axis = scale === 'log' ? logAxis(values) : linearAxis(values);
  const yAt = (y: number) => bottom - axis.place(y) * PANEL_HEIGHT;
  const grid = axis.marks.map((mark) => {
    const y = round(yAt(mark));
    return (
      `<line x1="${LEFT}" y1="${y}" x2="${LEFT + INNER}" y2="${y}" stroke="#e2e2e2"/>` +
      text(LEFT - 8, y + 4, mark.toLocaleString('en'), 'text-anchor="end"')
    );
  });
  const marks = ticks.map(({ x, label: said }) => {
    const at = round(xAt(x));
    return (
      `<line x1="${at}" y1="${top}" x2="${at}" y2="${bottom + 5}" stroke="#e2e2e2"/>` +
      text(at, bottom + 20, said, 'text-anchor="middle"')
    );
  });
  const lines = series.map((each, i) => drawSeries(each, xAt, yAt, top + 14 + i * 22));
  const middle = top + PANEL_HEIGHT / 2;
  return [
    ...grid,
    ...marks,
    `<path d="M${LEFT} ${top}V${bottom}H${LEFT + INNER}" fill="none" stroke="#444"/>`,
    text(22, middle, label, `text-anchor="middle" transform="rotate(-90 22 ${middle})"`),
    ...lines,
  ].join('\n');
}

function drawSeries(
  { name, colour, dashed, points }: Series,
  xAt: (x: number) => number,
  yAt: (y: number) => number,
  keyAt: number,
): string {
  const dash = dashed ? ' stroke-dasharray="6 4"' : '';
  const places = points.flatMap(({ x, y }) => (y === null ? [] : [{ x: round(xAt(x)), y: round(yAt(y)) }]));
  const line = places.map(({ x, y }) => `${x},${y}`).join(' ');
  const key = LEFT + INNER + 18;
  return [
    `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`,
    ...places.map(({ x, y }) => `<circle cx="${x}" cy="${y}" r="3.5" fill="${colour}"/>`),
    `<line x1="${key}" y1="${keyAt}" x2="${key + 26}" y2="${keyAt}" stroke="${colour}" stroke-width="2"${dash}/>`,
    text(key + 32, keyAt + 4, name),
  ].join('\n');
}

interface Axis {
  /** From 0, at the bottom, to 1. */
  place: (value: number) => number;
  marks: number[];
}

const MARKS = 5;

/** From nothing to a round number above everything. */
function linearAxis(values: readonly number[]): Axis {
  const most = Math.max(...values, 1);
  const magnitude = 10 ** Math.floor(Math.log10(most / MARKS));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => size * MARKS >= most) ?? most;
  const top = Math.ceil(most / step) * step;
  const marks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
  return { place: (value) => value / top, marks };
}

/** From a power of ten below everything to one above everything. */
function logAxis(values: readonly number[]): Axis {
  const positive = values.filter((value) => value > 0);
  const from = Math.floor(Math.log10(positive.length === 0 ? 1 : Math.min(...positive)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...positive, 1))));
  const marks = Array.from({ length: to - from + 1 }, (_, i) => Number((10 ** (from + i)).toPrecision(1)));
  return { place: (value) => (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from), marks };
}

const round = (value: number) => Math.round(value * 10) / 10;

const text = (x: number, y: number, said: string, attributes = '') =>
  `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escapeXml(said)}</text>`;

const escapeXml = (said: string) => said.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
