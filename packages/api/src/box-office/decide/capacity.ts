import type { Answer } from '../inventory.ts';
import type { CapacityRequest } from '../requests.ts';
import { availableIn, type Draft } from './draft.ts';

/** Lets a section sell more or fewer places, never fewer than are taken and never more seats than there are. */
export function setCapacity(draft: Draft, { sectionId, capacity }: CapacityRequest): Answer {
  const section = draft.sections.get(sectionId);
  if (!section) return { problem: issue('sectionId', 'is not a section of this show') };
  const seats = draft.loaded.seatsOf(sectionId).reduce((sum, row) => sum + row.length, 0);
  if (section.kind === 'seated' && capacity > seats) {
    return { problem: issue('capacity', `is more than the ${seats} seats of this section`) };
  }
  const changed = { ...section, capacity };
  if (availableIn(changed) < 0) return { problem: { code: 'capacity_below_sold' } };
  draft.sections.set(sectionId, changed);
  return { done: true };
}

const issue = (path: string, message: string) => ({ code: 'invalid_input' as const, issues: [{ path, message }] });
