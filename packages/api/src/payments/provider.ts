/** The port through which money moves. Amounts are integer minor units of an ISO 4217 currency. */

export interface Charge {
  /** Ours, made in advance: the provider charges at most once for it, however often it is asked. */
  id: string;
  amount: number;
  currency: string;
  /** What the buyer's side got from the provider, such as a card's token. */
  token: string;
}

export interface Refund {
  /** Ours: the provider refunds at most once for it. */
  id: string;
  chargeId: string;
  amount: number;
  currency: string;
}

/** What became of a charge. */
export type ChargeOutcome = { status: 'succeeded' } | { status: 'declined'; reason: string };

export interface PaymentProvider {
  /** As callers name it in `payment.provider`. */
  name: string;
  /**
   * Charges.
   *
   * @throws ProviderUnreachable when certainly nothing was charged; any other error leaves it open whether it was
   */
  charge: (charge: Charge, signal: AbortSignal) => Promise<ChargeOutcome>;
  /** What became of a charge; null when the provider never heard of it. */
  find: (chargeId: string) => Promise<ChargeOutcome | null>;
  /** Returns money. Asking twice refunds once. */
  refund: (refund: Refund) => Promise<void>;
}

/** The provider could not be reached: the charge did not happen. */
export class ProviderUnreachable extends Error {
  override readonly name = 'ProviderUnreachable';
}

export type PaymentProviders = ReadonlyMap<string, PaymentProvider>;
