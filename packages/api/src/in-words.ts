/** Amounts and instants as people read them, in English. Pure. */
import type { Money } from './fields.ts';

/** Formats are costly to make, and there are as many as time zones and currencies. */
function remember<T>(make: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const found = known.get(name) ?? make(name);
    known.set(name, found);
    return found;
  };
}

const whenIn = remember(
  (timeZone) => new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone }),
);
const moneyIn = remember((currency) => new Intl.NumberFormat('en-GB', { style: 'currency', currency }));

/** As in `Friday 20 November 2026 at 19:30 (Europe/Vienna)`. @param timeZone IANA */
export const instantInWords = (instant: Date, timeZone: string): string =>
  `${whenIn(timeZone).format(instant)} (${timeZone})`;

/** As in `€12.50`. */
export function moneyInWords({ amount, currency }: Money): string {
  const money = moneyIn(currency);
  return money.format(amount / 10 ** (money.resolvedOptions().maximumFractionDigits ?? 2));
}
