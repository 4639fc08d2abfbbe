import { type RawBuilder, sql } from 'kysely';

/** A column's name, its type in Postgres, and what it is in a row. */
export type Column<T> = readonly [name: string, type: string, read: (row: T) => unknown];
/** A column that is the same in all rows. */
type SharedColumn = readonly [name: string, type: string, value: { all: unknown }];

/** The names of the columns, for those who insert or join the rows. */
const namesOf = (columns: readonly (Column<never> | SharedColumn)[]): RawBuilder<unknown> =>
  sql.join(columns.map(([name]) => sql.id(name)));

/**
 * Rows as they are inserted: arrays, which Postgres takes apart, and once what is the same in all rows. The text depends on
 * the columns alone, so that it can be kept prepared.
 *
 * @param rows at least one
 */
export function inserted<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  shared: readonly SharedColumn[],
): RawBuilder<unknown> {
  const values = shared.map(([, type, { all }]) => sql`${all}::${sql.raw(type)}`);
  return sql`(${namesOf([...columns, ...shared])})
    SELECT ${sql.join([sql`sent.*`, ...values])} FROM unnest(${arraysOf(rows, columns)}) AS sent`;
}

/** For an UPDATE every column is an array: of a constant, the planner would make a scan of all rows that have it. */
export const joined = <T>(rows: readonly T[], columns: readonly Column<T>[]): RawBuilder<unknown> =>
  sql`unnest(${arraysOf(rows, columns)}) AS c (${namesOf(columns)})`;

const arraysOf = <T>(rows: readonly T[], columns: readonly Column<T>[]): RawBuilder<unknown> =>
  sql.join(columns.map(([, type, read]) => sql`${rows.map(read)}::${sql.raw(type)}[]`));
