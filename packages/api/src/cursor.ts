import { refuseInput } from './problem.ts';

/** Tells whether a part of a key may be what it should be; regular expressions do. */
export type Pattern = Pick<RegExp, 'test'>;

/** Where a page ended: the sort key of its last row. Opaque to callers, so that an order may change without breaking them. */
export function encodeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/**
 * Reads a cursor back.
 *
 * @param patterns one per part of the key; what does not match was not made by us and is refused as `invalid_input`.
 */
export function decodeCursor(cursor: string | undefined, patterns: readonly Pattern[]): string[] | null {
  if (cursor === undefined) return null;
  const key = parseKey(Buffer.from(cursor, 'base64url').toString());
  if (!key || key.length !== patterns.length || !key.every((part, i) => patterns[i]?.test(part))) {
    refuseInput('cursor', 'is not a cursor that a page of this list answered');
  }
  return key;
}

function parseKey(json: string): string[] | null {
  try {
    const key: unknown = JSON.parse(json);
    return Array.isArray(key) && key.every((part) => typeof part === 'string') ? key : null;
  } catch {
    return null;
  }
}

export const ID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An instant as we write it. That the digits stand in their places is not enough: Postgres fails on the 31st of February. */
export const INSTANT_PATTERN: Pattern = {
  test: (part) => /^[1-9]\d{3}-/.test(part) && !Number.isNaN(Date.parse(part)) && new Date(part).toISOString() === part,
};

/**
 * Cuts a page out of rows that were asked for with one more than `limit`: the row too many tells that there is a next page.
 */
export function pageOfRows<Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => readonly string[],
  toItem: (row: Row) => Item,
): { items: Item[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
  };
}
