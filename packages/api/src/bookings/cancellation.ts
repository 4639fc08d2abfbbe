/** What a cancellation returns and what it keeps. Pure; amounts are integer minor units. */
import type { RefundMode } from '../box-office/requests.ts';
import type { TicketFacts } from './booking.ts';

export interface CancellationQuote {
  /** What goes back. */
  refund: number;
  /** What is kept. */
  fee: number;
  /** Which rule decided. */
  rule: string;
}

/**
 * What cancelling these tickets returns. Until there are policies, everything that was paid for them, until the show
 * begins. Where nothing was paid, as for shows that collect at the door, nothing is returned and nothing kept.
 */
export function quoteCancellation(
  tickets: readonly Pick<TicketFacts, 'price'>[],
  { collectAtDoor, isPaid }: { collectAtDoor: boolean; isPaid: boolean },
  mode: RefundMode,
): CancellationQuote {
  const price = tickets.reduce((sum, ticket) => sum + ticket.price, 0);
  if (price === 0 || collectAtDoor || !isPaid) return { refund: 0, fee: 0, rule: 'nothing_paid' };
  return mode === 'none'
    ? { refund: 0, fee: price, rule: 'no_refund' }
    : { refund: price, fee: 0, rule: 'full_refund' };
}

/** The rule in a sentence for people. */
export function explainQuote({ rule }: CancellationQuote): string {
  switch (rule) {
    case 'nothing_paid':
      return 'Nothing was paid here, so nothing is returned.';
    case 'no_refund':
      return 'The price is kept.';
    default:
      return 'Everything is returned until the show begins.';
  }
}
