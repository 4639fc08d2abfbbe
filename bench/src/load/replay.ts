/** What a program said to Postgres, so that it can be said again: pure. */
import { at } from './answer.ts';

/** A statement and its values, as JSON keeps them. */
export interface Statement {
  text: string;
  values: unknown[];
}

/** @throws Error when it is no list of statements with the connections they went over */
function readRecorded(recorded: unknown): (Statement & { connection: unknown })[] {
  if (!Array.isArray(recorded)) throw new Error('nothing was recorded');
  return recorded.map((statement) => {
    const text = at(statement, 'text');
    const values = at(statement, 'values');
    if (typeof text !== 'string' || !Array.isArray(values)) throw new Error('what was recorded is no statement');
    return { text, values, connection: at(statement, 'connection') };
  });
}

const BEGINS = /\bbegin\b/i;
const ENDS = /\bcommit\b/i;

/**
 * The one transaction in which a statement of this kind stands, among all that several connections said; the statement
 * alone, when it stands in none.
 *
 * @throws Error when there is no such statement
 */
export function transactionOf(recorded: unknown, holds: RegExp): Statement[] {
  const all = readRecorded(recorded);
  const found = all.find(({ text }) => holds.test(text));
  if (!found) throw new Error(`no statement matches ${holds}`);
  const said = all.filter(({ connection }) => connection === found.connection);
  const at = said.indexOf(found);
  const begins = said.slice(0, at + 1).findLastIndex(({ text }) => BEGINS.test(text));
  const ended = said.slice(0, at).findLastIndex(({ text }) => ENDS.test(text));
  const ends = said.findIndex(({ text }, index) => index >= at && ENDS.test(text));
  const within = begins > ended || (begins >= 0 && ended < 0);
  const slice = within && ends >= 0 ? said.slice(begins, ends + 1) : [found];
  return slice.map(({ text, values }) => ({ text, values }));
}

const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g;

/**
 * From two transactions that did the same thing twice: a way to do it once more. Ids that both name stay; ids that only the
 * first one names were made for it, and are made anew, the same one for the same one. All else stays as it was.
 *
 * @param makeId a new id in place of one that was made
 * @throws Error when they are not the same statements
 */
export function createRenewal(
  first: readonly Statement[],
  second: readonly Statement[],
  makeId: (old: string) => string,
): () => Statement[] {
  const same = first.length === second.length && first.every(({ text }, i) => text === second[i]?.text);
  if (!same) throw new Error('the same thing was done in two ways');
  const lasting = new Set(idsIn(second));
  const made = [...new Set(idsIn(first))].filter((id) => !lasting.has(id));
  return () => {
    const renewed = new Map(made.map((id) => [id, makeId(id)]));
    const renew = (value: unknown): unknown => {
      if (typeof value === 'string') return value.replace(UUID, (id) => renewed.get(id) ?? id);
      return Array.isArray(value) ? value.map(renew) : value;
    };
    return first.map(({ text, values }) => ({ text, values: values.map(renew) }));
  };
}

const idsIn = (statements: readonly Statement[]) => JSON.stringify(statements).match(UUID) ?? [];
