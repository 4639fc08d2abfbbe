import { type RawBuilder, sql } from 'kysely';

/** A column's name, its type in Postgres, and what it is in a row. */
export type Column<T> = readonly [name: string, type: string, read: (row: T) => unknown];

/**
 * Rows as a SELECT over arrays, which Postgres takes apart. Folded, what is the same in all rows, as most of what a batch writes is,
 * travels once: there is less to write here, and less to read there.
 *
 * @param rows at least one
 * @param columns the first is the key, which is different in each row
 */
export function sentRows<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  how: 'as arrays' | 'folded' = 'folded',
): RawBuilder<unknown> {
  const selected: RawBuilder<unknown>[] = [];
  const arrays: RawBuilder<unknown>[] = [];
  const varying: RawBuilder<unknown>[] = [];
  columns.forEach(([name, type, read], index) => {
    const values = rows.map(read);
    if (how === 'folded' && index > 0 && values.every((value) => isSame(value, values[0]))) {
      selected.push(sql`${values[0]}::${sql.raw(type)}`);
      return;
    }
    selected.push(sql.id(name));
    arrays.push(sql`${values}::${sql.raw(type)}[]`);
    varying.push(sql.id(name));
  });
  return sql`SELECT ${sql.join(selected)} FROM unnest(${sql.join(arrays)}) AS sent (${sql.join(varying)})`;
}

/** The names of the columns, for those who insert or join the rows. */
const namesOf = (columns: readonly Column<never>[]): RawBuilder<unknown> =>
  sql.join(columns.map(([name]) => sql.id(name)));

/** The rows as they are inserted. */
export const inserted = <T>(rows: readonly T[], columns: readonly Column<T>[]): RawBuilder<unknown> =>
  sql`(${namesOf(columns)}) ${sentRows(rows, columns)}`;

/** For an UPDATE every column is an array: of a constant, the planner would make a scan of all rows that have it. */
export const joined = <T>(rows: readonly T[], columns: readonly Column<T>[]): RawBuilder<unknown> =>
  sql`(${sentRows(rows, columns, 'as arrays')}) AS c (${namesOf(columns)})`;

const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (a instanceof Date && b instanceof Date && a.getTime() === b.getTime());
