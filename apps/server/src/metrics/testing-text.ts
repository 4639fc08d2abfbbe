/** Reads Prometheus's text format as its own linter would, and looks numbers up in it. */

export interface Scrape {
  /** The value of a series, as in `evently_refusals_total{problem="sold_out"}`; undefined when there is none. */
  value: (series: string) => number | undefined;
  /** All series of a name. */
  seriesOf: (name: string) => string[];
}

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const SAMPLE = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)$/i;
const LABEL = /([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gi;
const SUFFIX = /_(bucket|sum|count)$/;

/** @throws Error that names the first line which is not as the format, or the conventions for names, want it */
export function readScrape(text: string): Scrape {
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const values = new Map<string, number>();
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  for (const line of text.split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') helped.add(name);
    if (kind === 'TYPE') addType(types, name, rest);
    if (kind !== undefined || line === '') continue;
    const sample = parse(line);
    checkName(sample.name, types, helped);
    const series = spell(sample.name, sample.labels);
    if (values.has(series)) throw new Error(`${series} is there twice`);
    values.set(series, sample.value);
  }
  checkHistograms(values, types);
  return {
    value: (series) => {
      const { name, labels } = parse(`${series} 0`);
      return values.get(spell(name, labels));
    },
    seriesOf: (name) => [...values.keys()].filter((series) => series.split('{')[0] === name),
  };
}

function addType(types: Map<string, string>, name: string, type: string): void {
  if (types.has(name)) throw new Error(`${name} has two types`);
  types.set(name, type);
}

function parse(line: string): Sample {
  const [, name, inBraces = '', number = ''] = SAMPLE.exec(line) ?? [];
  if (name === undefined) throw new Error(`this is no sample: ${line}`);
  const labels = Object.fromEntries([...inBraces.matchAll(LABEL)].map(([, key, value]) => [key, value]));
  const rest = inBraces.replaceAll(LABEL, '');
  const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number.replace(/^nan$/i, 'NaN'));
  if (rest !== '' || (Number.isNaN(value) && !/^nan$/i.test(number))) throw new Error(`this is no sample: ${line}`);
  return { name, labels, value };
}

/** Labels in one order, whatever the order they came in. */
function spell(name: string, labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.sort().join(',')}}`;
}

function checkName(name: string, types: ReadonlyMap<string, string>, helped: ReadonlySet<string>): void {
  const stem = name.replace(SUFFIX, '');
  const family = /histogram|summary/.test(types.get(stem) ?? '') ? stem : name;
  const type = types.get(family);
  if (type === undefined || !helped.has(family)) throw new Error(`${name} came before its type and help`);
  // The names of Node's and the process's own numbers are not ours to choose.
  if (!family.startsWith('evently_')) return;
  if ((type === 'counter') !== family.endsWith('_total'))
    throw new Error(`${family}: counters end in _total, and they alone`);
  if (/_(ms|milliseconds|minutes|kilobytes)(_|$)/.test(family)) throw new Error(`${family} is not in base units`);
}

/** Buckets grow, and the last holds everything. */
function checkHistograms(values: ReadonlyMap<string, number>, types: ReadonlyMap<string, string>): void {
  const last = new Map<string, { le: number; value: number }>();
  for (const [series, value] of values) {
    const { name, labels } = parse(`${series} 0`);
    const { le, ...others } = labels;
    const family = name.replace(SUFFIX, '');
    if (types.get(family) !== 'histogram' || le === undefined) continue;
    const key = spell(family, others);
    const before = last.get(key) ?? { le: Number.NEGATIVE_INFINITY, value: 0 };
    const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
    if (!(bound > before.le) || value < before.value) throw new Error(`the buckets of ${key} do not grow at ${le}`);
    last.set(key, { le: bound, value });
    if (bound === Number.POSITIVE_INFINITY && value !== values.get(spell(`${family}_count`, others))) {
      throw new Error(`the last bucket of ${key} does not hold everything`);
    }
  }
}
