/** I6: while somebody who fits waits, only offers take what is free, and each in their turn. */
import { availableIn, isCalledOff } from '../box-office/decide/draft.ts';
import type { Changes, Decision, EntryState } from '../box-office/inventory.ts';
import type { BoxOfficeRequest } from '../box-office/requests.ts';
import type { Stage } from './stage.ts';

export function checkLine(stage: Stage, requests: readonly BoxOfficeRequest[], { changes, now }: Decision): void {
  const { ledger, blame } = stage;
  const { show, sections } = ledger;
  const line = [...ledger.entries.values()].filter(({ status }) => status === 'waiting');
  if (ledger.waiting !== line.length) blame(`I6: ${ledger.waiting} are counted who wait, not ${line.length}`);
  if (line.length > 0 && (isCalledOff(show) || now >= show.salesCloseAt))
    blame('I6: somebody waits when sales are over');
  const saving = line.find(({ saves }) => saves !== null && saves.until <= now);
  if (saving) blame(`I6: places are saved for entry ${saving.id} for too long`);
  for (const section of sections.values()) {
    const savers = line.filter(({ saves }) => saves?.sectionId === section.sectionId);
    if (savers.length > 1) blame(`I6: section ${section.sectionId} is saved for ${savers.length}`);
    if (section.isSaved !== savers.length > 0) blame(`I6: section ${section.sectionId} is not saved for whom it says`);
    if (show.salesOpenAt === null || now < show.salesOpenAt) continue;
    const parties = savers.length > 0 ? savers : line.filter((entry) => wants(entry, section.sectionId));
    const fits = parties.find(({ quantity }) => quantity <= availableIn(section));
    if (fits) blame(`I6: entry ${fits.id} waits, and fits what is free in section ${section.sectionId}`);
  }
  for (const entry of ledger.entries.values()) checkOffer(stage, entry);
  checkOrder(stage, changes);
  checkSaved(stage, changes);
  checkJoin(stage, requests, changes);
  stage.savedFor = new Map(line.flatMap(({ id, saves }) => (saves ? [[saves.sectionId, id]] : [])));
}

const wants = ({ sectionId }: EntryState, of: string) => sectionId === null || sectionId === of;

/** An offer is a hold of its own, as long as it is one. */
function checkOffer({ ledger, blame }: Stage, { id, status, bookingId, quantity }: EntryState): void {
  if (bookingId === null) return;
  const booking = ledger.bookings.get(bookingId);
  const isHeld = booking?.status === 'held' || booking?.status === 'paying';
  const isSold = booking?.status === 'confirmed' || booking?.status === 'cancelled';
  const fits = (status === 'offered') === isHeld && (status !== 'converted' || isSold);
  if (booking?.entryId !== id || !fits) blame(`I6: entry ${id} is ${status}, its booking ${booking?.status}`);
  else if (isHeld && booking.quantity !== quantity) blame(`I6: entry ${id} was offered ${booking.quantity} places`);
}

/** Nobody was served before somebody who stood in front of them and needs no more. */
function checkOrder({ ledger, savedFor, blame }: Stage, { entryEvents }: Changes): void {
  for (const { entryId, type, data } of entryEvents) {
    if (type !== 'offered') continue;
    const served = ledger.entries.get(entryId);
    const sectionId = String(data.sectionId);
    if (!served) continue;
    const before = [...ledger.entries.values()].filter(
      (entry) => entry.status === 'waiting' && entry.position < served.position && wants(entry, sectionId),
    );
    const passed = before.find(({ quantity }) => quantity <= served.quantity);
    // What was saved for somebody is theirs.
    const wasSaved = savedFor.get(sectionId) === entryId;
    if (passed && !wasSaved) blame(`I6: entry ${entryId} was served before entry ${passed.id}, which needs no more`);
    const isSaid = entryEvents.some((event) => event.type === 'passed' && event.data.servedEntryId === entryId);
    if (before.length > 0 && !isSaid && !wasSaved) blame(`I6: entry ${entryId} was served out of turn without a word`);
  }
}

/** What is saved for one is given to nobody else. */
function checkSaved({ ledger, savedFor, blame }: Stage, { newTickets }: Changes): void {
  for (const { bookingId, ticket } of newTickets) {
    const isSaved = ledger.sections.get(ticket.sectionId)?.isSaved;
    const saver = savedFor.get(ticket.sectionId);
    const isTheirs = ledger.bookings.get(bookingId)?.entryId === saver;
    if (isSaved && saver && !isTheirs) blame(`I6: booking ${bookingId} took places that are saved for ${saver}`);
  }
}

/** Nobody waits for what they could have bought: who joins is not offered something at once, unless it just became free. */
function checkJoin({ blame }: Stage, requests: readonly BoxOfficeRequest[], { entryEvents, history }: Changes): void {
  if (requests.length !== 1 || history.some(({ type }) => type === 'expired')) return;
  const joined = entryEvents.find(({ type }) => type === 'joined')?.entryId;
  const isOffered = entryEvents.some(({ type, entryId }) => type === 'offered' && entryId === joined);
  if (isOffered) blame(`I6: entry ${joined} joined for what was on sale`);
}
