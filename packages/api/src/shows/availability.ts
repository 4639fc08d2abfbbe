import { sql } from 'kysely';

/**
 * How many places of a section anybody may have, from a row of show_sections: those that are free, but none while they are
 * saved for somebody who waits. In memory, the same is `openIn` of the box office.
 */
export const openPlaces = sql<number>`
  (CASE WHEN saved THEN 0 ELSE show_sections.capacity - held - sold - blocked END)`;
