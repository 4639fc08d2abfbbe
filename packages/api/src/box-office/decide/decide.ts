import type { Answer, Decision, Inventory } from '../inventory.ts';
import type { BoxOfficeRequest } from '../requests.ts';
import { block } from './block.ts';
import { cancel } from './cancel.ts';
import { cancelShow, close } from './cancel-show.ts';
import { setCapacity } from './capacity.ts';
import { changesOf } from './changes.ts';
import { claim } from './claim.ts';
import { createDraft, type Draft } from './draft.ts';
import { expireOverdue } from './expire.ts';
import { offerPlaces } from './offers.ts';
import { finishPayment } from './pay.ts';
import { settle } from './settle.ts';
import { join, leave } from './waiting.ts';

/**
 * All the rules of a sale: `(inventory, requests, now)` in, what is to be written and answered out. Pure; the same input
 * gives the same output, and a batch leads to what its requests would lead to one by one.
 *
 * First it expires what is overdue and offers what is free to those who wait. Then it serves the requests in order of
 * arrival, each wholly or not at all, and offers what each of them left free before it serves the next.
 */
export function decide(inventory: Inventory, requests: readonly BoxOfficeRequest[], now: Date): Decision {
  const draft = createDraft(inventory, now);
  expireOverdue(draft);
  offerPlaces(draft);
  const answers = requests.map((request) => {
    const answer = serve(draft, request);
    if (!FREES_NOTHING.has(request.kind)) offerPlaces(draft);
    return answer;
  });
  const { id: showId, eventId, category } = inventory.show;
  return { showId, eventId, category, now, changes: changesOf(draft), answers };
}

/** After these there is nothing new to offer. */
const FREES_NOTHING: ReadonlySet<BoxOfficeRequest['kind']> = new Set(['hold', 'book', 'confirm', 'extend', 'sweep']);

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
      return cancelShow(draft, request);
    case 'close':
      return close(draft, request);
    case 'join':
      return join(draft, request);
    case 'decline':
    case 'leave':
      return leave(draft, request);
    case 'sweep':
      return { done: true };
  }
}
