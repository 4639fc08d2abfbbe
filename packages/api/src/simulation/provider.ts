import { type Charge, type ChargeOutcome, type PaymentProvider, ProviderUnreachable } from '../payments/provider.ts';
import { type Owner, WORLD } from './schedule.ts';
import type { Stage } from './stage.ts';

/**
 * What becomes of a charge, by the buyer's token: `lost` succeeds without its reply, `late` arrives, if at all, when nobody
 * waits for it any more, `down` is not reached. Of a `frozen` one the process stands still before it charges.
 */
export const TOKENS = ['ok', 'ok', 'ok', 'ok', 'declined', 'lost', 'late', 'down', 'frozen'] as const;

/** The provider's own books, which outlive every crash of ours. */
export interface ProviderBooks {
  charges: Map<string, { charge: Charge; outcome: ChargeOutcome }>;
  refunds: Map<string, { chargeId: string; amount: number }>;
}

/** A process, as far as it pays. */
export interface Payer extends Owner {
  /**
   * Whether nothing bad happens to it any more, since it was frozen: who charges when reconciliation has given the charge up,
   * and then cannot tell of it, leaves money that only a person can find.
   */
  isSpared: boolean;
}

/** As long as a call waits for the provider. */
const PATIENCE_MS = 10_000;
/** What has not arrived by then never does: reconciliation relies on it. */
const TRANSIT_MS = 15_000;
/** Longer than any hold. */
const FROZEN_MS = 15 * 60_000;

const DECLINED: ChargeOutcome = { status: 'declined', reason: 'card_declined' };

/** The provider as a process sees it. */
export function createProvider(stage: Stage, payer: Payer): PaymentProvider {
  const { random, schedule } = stage;
  const { charges, refunds } = stage.books;
  const pass = (what: string, within = PATIENCE_MS / 4) => schedule.turn(WORLD, () => `the provider: ${what}`, within);

  function record(charge: Charge, outcome: ChargeOutcome): ChargeOutcome {
    const known = charges.get(charge.id);
    if (!known) charges.set(charge.id, { charge, outcome });
    return known?.outcome ?? outcome;
  }

  async function arriveLate(charge: Charge): Promise<void> {
    if (random.chance(0.3)) return;
    const what = () => `the provider: charge ${charge.id} arrives after all`;
    await schedule.turn(WORLD, what, TRANSIT_MS, random.below(TRANSIT_MS));
    record(charge, { status: 'succeeded' });
  }

  async function chargeFrozen(charge: Charge): Promise<ChargeOutcome> {
    payer.isSpared = true;
    const what = () => `${payer.name} thaws and charges ${charge.id}`;
    await schedule.turn(payer, what, FROZEN_MS, random.below(FROZEN_MS / 3));
    return record(charge, random.chance(0.3) ? DECLINED : { status: 'succeeded' });
  }

  return {
    name: 'sandbox',
    async find(chargeId) {
      await pass(`is asked for charge ${chargeId}`);
      if (!stage.isCalm && random.chance(0.1)) throw new Error('the provider is away');
      const found = charges.get(chargeId)?.outcome ?? null;
      await pass(`says that charge ${chargeId} ${found?.status ?? 'never came'}`);
      return found;
    },
    async charge(charge) {
      const { id, token } = charge;
      if (token === 'frozen') return await chargeFrozen(charge);
      if (token === 'late') {
        void arriveLate(charge);
        await pass(`nobody waits for charge ${id} any longer`, PATIENCE_MS);
        throw new Error('the provider took too long');
      }
      await pass(`is asked to charge ${id}`);
      if (token === 'down') throw new ProviderUnreachable('the provider does not answer');
      const outcome = record(charge, token === 'declined' ? DECLINED : { status: 'succeeded' });
      await pass(`replies that charge ${id} ${outcome.status}`);
      if (token === 'lost') throw new Error('the reply of the provider was lost');
      return outcome;
    },
    async refund({ id, chargeId, amount }) {
      await pass(`is asked for refund ${id} of charge ${chargeId}`);
      if (!stage.isCalm && random.chance(0.15)) throw new Error('the provider is away');
      const charged = charges.get(chargeId);
      if (charged?.outcome.status !== 'succeeded') stage.blame(`money: refund ${id} returns what was never charged`);
      if (!refunds.has(id)) {
        const sum = [...refunds.values()].reduce((all, r) => all + (r.chargeId === chargeId ? r.amount : 0), amount);
        if (charged && sum > charged.charge.amount) stage.blame(`money: refund ${id} exceeds charge ${chargeId}`);
        refunds.set(id, { chargeId, amount });
      }
      await pass(`has made refund ${id}`);
      if (!stage.isCalm && random.chance(0.1)) throw new Error('the reply of the provider was lost');
    },
  };
}
