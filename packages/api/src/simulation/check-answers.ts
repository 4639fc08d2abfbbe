import type { Answer, Decision } from '../box-office/inventory.ts';
import type { BoxOfficeRequest, ClaimRequest, JoinRequest } from '../box-office/requests.ts';
import type { Made, Stage } from './stage.ts';

/**
 * I9: within its scope, the same key with the same request gives the same booking or place in the line, and with another
 * request a refusal. A key is free again only when the claim that it stood for was refused after all.
 */
export function checkAnswers(
  stage: Stage,
  requests: readonly BoxOfficeRequest[],
  { answers, changes }: Decision,
): void {
  const freed = new Set(
    changes.changedBookings.filter(({ booking }) => booking.idempotencyKey === null).map(({ booking }) => booking.id),
  );
  for (const [index, request] of requests.entries()) {
    const answer = answers[index];
    if (!answer) throw new Error('a request was left without an answer');
    if ('problem' in answer) stage.seen.add(answer.problem.code);
    checkOwner(stage, request, answer);
    if (!('idempotencyKey' in request)) continue;
    const key = `${request.userId} ${request.idempotencyKey}`;
    const first = stage.keys.get(key);
    const isFree = !first || stage.ledger.bookings.get(first.id)?.idempotencyKey === null;
    if (!isFree && !isSameAgain(first, request, answer) && !freed.has(first.id)) {
      stage.blame(`I9: key ${request.idempotencyKey} stood for ${first.id} and is answered otherwise`);
    }
    const made = madeBy(answer);
    if (made) stage.keys.set(key, made);
  }
}

/** What is somebody else's is answered as if it did not exist. */
function checkOwner({ blame }: Stage, request: BoxOfficeRequest, answer: Answer): void {
  const userId = 'userId' in request && request.kind !== 'cancel-show' ? request.userId : null;
  const told = 'booking' in answer ? answer.booking : 'entry' in answer ? answer.entry : null;
  if (told && userId !== null && told.userId !== userId) blame(`user ${userId} was told of ${told.id}, of another`);
}

function madeBy(answer: Answer): Made | null {
  const made = 'booking' in answer ? answer.booking : 'entry' in answer ? answer.entry : null;
  return made && { id: made.id, requestHash: made.requestHash };
}

function isSameAgain(first: Made, { requestHash }: ClaimRequest | JoinRequest, answer: Answer): boolean {
  const made = madeBy(answer);
  if (made) return made.id === first.id && requestHash === first.requestHash;
  return 'problem' in answer && answer.problem.code === 'idempotency_mismatch' && requestHash !== first.requestHash;
}
