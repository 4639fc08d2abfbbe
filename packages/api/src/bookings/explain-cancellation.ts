/** What a cancellation returns, in a sentence for its owner. Pure. */
import type { RefundRule } from '@evently/db/schema';
import { instantInWords, moneyInWords } from '../in-words.ts';
import { boundingRules, endOf } from '../policies/refund-rules.ts';
import type { CancellationQuote } from './cancellation.ts';

/** Where and when the show is, and what its money is. */
export interface ExplainedShow {
  now: Date;
  startsAt: Date;
  /** Of the venue, IANA. */
  timeZone: string;
  currency: string;
}

/** Why a quote is what it is, in plain English, with instants in the venue's time zone. */
export function explainQuote({ rule, terms }: CancellationQuote, show: ExplainedShow): string {
  switch (rule) {
    case 'nothing_left':
      return 'These tickets are cancelled already.';
    case 'nothing_paid':
      return 'Nothing was paid here, so nothing is returned.';
    case 'no_refund':
      return 'The price is kept.';
    case 'show_cancelled':
      return 'The show is cancelled, so everything is returned.';
    case 'full_refund':
      return `Everything is returned until the show begins: ${instantInWords(show.startsAt, show.timeZone)}.`;
    case 'policy':
    case 'too_late':
      return explainRules(terms?.policy?.rules ?? [], show);
  }
}

function explainRules(rules: readonly RefundRule[], show: ExplainedShow): string {
  const { now, startsAt, timeZone } = show;
  const last = rules.at(-1);
  if (!last) return 'Tickets of this show are not returned.';
  const bounding = boundingRules(rules, startsAt, now);
  const rule = bounding.at(-1);
  if (!rule) return `It is too late: money was returned until ${instantInWords(endOf(last, startsAt), timeZone)}.`;
  const until = `Until ${instantInWords(endOf(rule, startsAt), timeZone)}, ${hours(rule.hoursBefore)} before the show`;
  const bound = bounding.length > 1 ? ', but never more than there was before' : '';
  return `${until}, ${share(rule, show.currency)} is returned${bound}.`;
}

const hours = (count: number) => (count === 1 ? '1 hour' : `${count} hours`);

function share({ refundPercent, feeAmount }: RefundRule, currency: string): string {
  const fee = feeAmount === 0 ? '' : ` less ${moneyInWords({ amount: feeAmount, currency })}`;
  return `${refundPercent} % of the price of each ticket${fee}`;
}
