import { type RawBuilder, sql } from 'kysely';
import { searchQueriesOf } from './search-text.ts';

/** Whether an event is one that is searched for. */
type Fits = RawBuilder<boolean>;

/**
 * Finds events in each of the ways to take a search until one finds some; once with null, when it restricts nothing. A later page is
 * found in the same way as the first, which had more.
 */
export async function searchInTurn<Row>(
  q: string | undefined,
  find: (fits: Fits | null) => Promise<Row[]>,
): Promise<Row[]> {
  const [first, ...others] = q === undefined ? [] : searchQueriesOf(q).map(fitsQuery);
  let rows = await find(first ?? null);
  for (const fits of others) if (rows.length === 0) rows = await find(fits);
  return rows;
}

const fitsQuery = (search: string): Fits => sql<boolean>`search @@ to_tsquery('simple', ${search})`;
