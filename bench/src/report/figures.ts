/** A rate for people: `4,812 bookings/s`. */
export function formatRate(perSecond: number, unit: string): string {
  return `${formatCount(perSecond)} ${unit}/s`;
}

export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** Milliseconds with about three digits: `0.84 ms`, `23.1 ms`, `1,204 ms`. */
export function formatMs(ms: number): string {
  return `${formatDigits(ms)} ms`;
}

/** Milliseconds, shown as whole microseconds: `375 µs`. */
export function formatMicroseconds(ms: number): string {
  return `${formatCount(ms * 1000)} µs`;
}

export function formatDigits(value: number): string {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
