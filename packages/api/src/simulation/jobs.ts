import { newId } from '@evently/db/ids';
import { type FollowUp, followUpsOf } from '../box-office/follow-ups.ts';
import type { BookingState, Decision } from '../box-office/inventory.ts';
import { SHARD } from '../box-office/testing-world.ts';
import { type OpenCharge, STARTED_FOR_MS, settleCharges } from '../payments/reconcile.ts';
import { ProblemError } from '../problem.ts';
import { updatePayment } from './ledger.ts';
import type { Process } from './process.ts';
import { createProvider } from './provider.ts';
import type { Stage } from './stage.ts';

/** A job in the database: it is there until somebody has done it, and may be done more than once. */
export interface Job {
  name: FollowUp['name'];
  /** Of what it is about. */
  ids: string[];
  tries: number;
  /** Who is at it; when they die, it is anybody's again. */
  worker: Process | null;
}

/** Of a refund: fewer than there really are, so that the last one is reached. All else is never given up. */
const MAX_TRIES = 4;

/** The jobs that a decision leads to. */
export const listJobs = (decision: Decision): Job[] =>
  followUpsOf(decision).map((job) => ({ name: job.name, ids: idsOf(job), tries: 0, worker: null }));

function idsOf({ payload }: FollowUp): string[] {
  if ('showId' in payload) return [payload.showId];
  if ('refundIds' in payload) return payload.refundIds;
  return 'bookingIds' in payload ? payload.bookingIds : [];
}

export const isFree = ({ worker }: Job): boolean => worker === null || worker.isDead;

/** Does a job. Now and then nobody hears that it is done, and it comes again. */
export async function work(stage: Stage, process: Process, job: Job): Promise<void> {
  const { ledger, random } = stage;
  job.worker = process;
  job.tries += 1;
  const isLastTry = job.tries >= MAX_TRIES;
  let isDone = true;
  for (const id of job.ids) {
    try {
      await doPart(stage, process, job.name, id);
    } catch (error) {
      stage.tell(() => `${process.name} could not do its part of ${job.name} for ${id}: ${error}`);
      isDone = false;
      if (isLastTry && job.name === 'make-refunds') markRefund(stage, id, 'failed');
    }
  }
  const isHeard = stage.isCalm || !random.chance(0.1);
  job.worker = null;
  if ((isDone && isHeard) || (isLastTry && job.name === 'make-refunds'))
    ledger.jobs = ledger.jobs.filter((other) => other !== job);
}

async function doPart(stage: Stage, process: Process, name: Job['name'], id: string): Promise<void> {
  if (name === 'make-refunds') await makeRefund(stage, process, id);
  else if (name === 'cancel-bookings') await closeBookings(stage, process);
  else if (name in MAILS) await sendMail(stage, process, id, name);
}

function findRefund({ ledger }: Stage, id: string) {
  const booking = ledger.bookings.get(ledger.bookingOfPayment.get(id) ?? '');
  return booking?.payments.find((p) => p.id === id && p.kind === 'refund' && p.status === 'requested');
}

function markRefund(stage: Stage, id: string, to: 'succeeded' | 'failed'): void {
  if (findRefund(stage, id)) updatePayment(stage.ledger, { paymentId: id, from: 'requested', to });
}

/** As `makeRefunds`. */
async function makeRefund(stage: Stage, process: Process, id: string): Promise<void> {
  await stage.schedule.turn(process, () => `${process.name} looks at refund ${id}`);
  const refund = findRefund(stage, id);
  if (!refund?.chargeId) return;
  const { currency } = stage.ledger.show;
  await createProvider(stage, process).refund({ id, chargeId: refund.chargeId, amount: refund.amount, currency });
  await stage.schedule.turn(process, () => `${process.name} notes that refund ${id} is made`);
  markRefund(stage, id, 'succeeded');
}

type IsDue = (booking: BookingState, now: Date) => boolean;

/** When each mail is true of a booking. */
export const MAILS: Record<string, IsDue> = {
  'send-confirmations': ({ status }) => status === 'confirmed',
  'send-cancellations': ({ status }) => status === 'cancelled',
  'send-offers': ({ status, expiresAt }, now) => status === 'held' && expiresAt !== null && expiresAt > now,
};

/** As `sendBookingMails`: the record comes first, and says whether the mail went out. */
async function sendMail(stage: Stage, process: Process, bookingId: string, name: string): Promise<void> {
  const { ledger, schedule, random } = stage;
  await schedule.turn(process, () => `${process.name} looks at booking ${bookingId} to ${name}`);
  const booking = ledger.bookings.get(bookingId);
  if (!booking || !MAILS[name]?.(booking, schedule.now())) return;
  const key = `${bookingId} ${name}`;
  const record = ledger.mails.get(key) ?? { id: newId(), isSent: false };
  ledger.mails.set(key, record);
  await schedule.turn(process, () => `${process.name} sends a mail about booking ${bookingId}`);
  if (record.isSent) return;
  if (!stage.isCalm && random.chance(0.1)) throw new Error('no paper');
  stage.sent.add(`${key} ${record.id}`);
  await schedule.turn(process, () => `${process.name} notes that the mail about booking ${bookingId} went out`);
  record.isSent = true;
}

/** As `cancelBookings`. */
export async function closeBookings({ schedule, ledger, plan: { showId } }: Stage, process: Process): Promise<void> {
  await schedule.turn(process, () => `${process.name} closes what was sold`);
  const open = [...ledger.bookings.values()].filter(({ status }) => status === 'held' || status === 'confirmed');
  const { boxOffice } = process.selling;
  const answers = await Promise.all(
    open.map(({ id }) => boxOffice.submit(showId, { kind: 'close', bookingId: id, refundId: newId(SHARD) })),
  );
  for (const answer of answers) if ('problem' in answer) throw new ProblemError(answer.problem);
}

/** Sends an empty batch, which ends what is overdue. */
export async function sweep({ schedule, plan }: Stage, process: Process): Promise<void> {
  await schedule.turn(process, () => `${process.name} sweeps`);
  await process.selling.boxOffice.submit(plan.showId, { kind: 'sweep' });
}

/** As `reconcilePayments`, with the same rules. */
export async function reconcile(stage: Stage, process: Process): Promise<void> {
  const { schedule, ledger } = stage;
  await schedule.turn(process, () => `${process.name} reconciles`);
  const expected = new Date(schedule.now().getTime() - STARTED_FOR_MS);
  await settleCharges(process.selling, listOpenCharges(ledger, expected), expected);
}

/** Charges whose end nobody knows, the oldest first. */
export function listOpenCharges({ bookings, paidAt }: Stage['ledger'], expected: Date): OpenCharge[] {
  const open = [...bookings.values()].flatMap(({ id: bookingId, showId, tickets, payments }) =>
    payments.flatMap(({ id, kind, status, provider }) => {
      const createdAt = paidAt.get(id) ?? expected;
      const isOpen = status === 'unknown' || (status === 'started' && createdAt < expected);
      return kind === 'charge' && isOpen
        ? [{ id, bookingId, showId, provider, createdAt, places: tickets.length }]
        : [];
    }),
  );
  return open.sort((a, b) => Number(a.createdAt) - Number(b.createdAt));
}
