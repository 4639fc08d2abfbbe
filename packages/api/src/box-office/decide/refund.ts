import type { PaymentState } from '../inventory.ts';

/** Money that shall go back; a job makes it. */
export function requestedRefund(id: string, chargeId: string, amount: number, provider: string): PaymentState {
  return { id, kind: 'refund', status: 'requested', amount, provider, chargeId, givesBack: false };
}
