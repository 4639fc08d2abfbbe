import { type RawBuilder, sql } from 'kysely';

/** A column's name, its type in Postgres, and what it is in a row. */
type Column<T> = readonly [name: string, type: string, read: (row: T) => unknown];

/**
 * The columns and rows of an INSERT, as arrays that Postgres takes apart. What is the same in all rows, as most of what a
 * batch inserts is, travels once: there is less to write here, and less to read there.
 *
 * @param rows at least one
 * @param columns the first is the key, which is different in each row
 */
export function insertedRows<T>(rows: readonly T[], columns: readonly Column<T>[]): RawBuilder<unknown> {
  const names: RawBuilder<unknown>[] = [];
  const selected: RawBuilder<unknown>[] = [];
  const arrays: RawBuilder<unknown>[] = [];
  const varying: RawBuilder<unknown>[] = [];
  columns.forEach(([name, type, read], index) => {
    const values = rows.map(read);
    const column = sql.id(name);
    names.push(column);
    if (index > 0 && values.every((value) => isSame(value, values[0]))) {
      selected.push(sql`${values[0]}::${sql.raw(type)}`);
      return;
    }
    selected.push(column);
    arrays.push(sql`${values}::${sql.raw(type)}[]`);
    varying.push(column);
  });
  return sql`(${sql.join(names)}) SELECT ${sql.join(selected)} FROM unnest(${sql.join(arrays)}) AS inserted (${sql.join(varying)})`;
}

const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (a instanceof Date && b instanceof Date && a.getTime() === b.getTime());
