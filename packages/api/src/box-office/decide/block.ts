import type { Answer } from '../inventory.ts';
import type { BlockRequest } from '../requests.ts';
import { availableIn, countIn, type Draft, sectionOf } from './draft.ts';

/** Keeps seats back, or puts them on sale again: all of them or none. What is so already stays so. */
export function block(draft: Draft, request: BlockRequest): Answer {
  const unknown = request.seatIds.findIndex((seatId) => !draft.loaded.findSeat(seatId));
  if (unknown >= 0) {
    const issues = [{ path: `seatIds.${unknown}`, message: 'is not a seat of this show' }];
    return { problem: { code: 'invalid_input', issues } };
  }
  return request.kind === 'block' ? keepBack(draft, request) : putBack(draft, request);
}

function keepBack(draft: Draft, { seatIds }: BlockRequest): Answer {
  const taken = seatIds.filter((seatId) => draft.taken.has(seatId));
  if (taken.length > 0) return { problem: { code: 'seat_taken', seatIds: taken } };
  const free = [...new Set(seatIds)].filter((seatId) => !draft.blocked.has(seatId));
  const perSection = Map.groupBy(free, (seatId) => sectionIdOf(draft, seatId));
  for (const [sectionId, seats] of perSection) {
    const available = availableIn(sectionOf(draft, sectionId));
    // A section whose capacity was lowered may have fewer places left than free seats.
    if (seats.length > available) return { problem: { code: 'sold_out', sectionId, available } };
  }
  for (const [sectionId, seats] of perSection) {
    countIn(draft, sectionId, { blocked: seats.length });
    for (const seatId of seats) draft.blocked.add(seatId);
  }
  return { done: true };
}

function putBack(draft: Draft, { seatIds }: BlockRequest): Answer {
  for (const seatId of seatIds) {
    if (draft.blocked.delete(seatId)) countIn(draft, sectionIdOf(draft, seatId), { blocked: -1 });
  }
  return { done: true };
}

function sectionIdOf(draft: Draft, seatId: string): string {
  const seat = draft.loaded.findSeat(seatId);
  if (!seat) throw new Error(`seat ${seatId} was not loaded`);
  return seat.sectionId;
}
