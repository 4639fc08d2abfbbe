import type { Answer, Decision, Inventory } from '../inventory.ts';
import type { BoxOfficeRequest } from '../requests.ts';
import { block } from './block.ts';
import { cancel } from './cancel.ts';
import { setCapacity } from './capacity.ts';
import { changesOf } from './changes.ts';
import { claim } from './claim.ts';
import { createDraft, type Draft } from './draft.ts';
import { expireOverdue } from './expire.ts';
import { finishPayment } from './pay.ts';
import { settle } from './settle.ts';

/**
 * All the rules of a sale: `(inventory, requests, now)` in, what is to be written and answered out. Pure; the same input
 * gives the same output, and a batch leads to what its requests would lead to one by one.
 *
 * First it expires what is overdue. Then it serves the requests in order of arrival, each wholly or not at all.
 */
export function decide(inventory: Inventory, requests: readonly BoxOfficeRequest[], now: Date): Decision {
  const draft = createDraft(inventory, now);
  expireOverdue(draft);
  const answers = requests.map((request) => serve(draft, request));
  const { eventId, category } = inventory.show;
  return { eventId, category, now, changes: changesOf(draft), answers };
}

function serve(draft: Draft, request: BoxOfficeRequest): Answer {
  switch (request.kind) {
    case 'hold':
    case 'book':
      return claim(draft, request);
    case 'confirm':
    case 'release':
    case 'extend':
      return settle(draft, request);
    case 'finish-payment':
      return finishPayment(draft, request);
    case 'cancel':
      return cancel(draft, request);
    case 'block':
    case 'unblock':
      return block(draft, request);
    case 'set-capacity':
      return setCapacity(draft, request);
    case 'cancel-show':
      draft.cancelsShow ||= draft.show.status !== 'cancelled';
      draft.show = { ...draft.show, status: 'cancelled' };
      return { done: true };
    case 'sweep':
      return { done: true };
  }
}
