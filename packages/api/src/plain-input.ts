import type { InputIssue } from './problem.ts';

/** Deeper than any input of ours; what nests deeper is meant to hurt. */
const MAX_DEPTH = 16;

/**
 * Finds what no input may contain, whatever its schema: text with U+0000 or half a surrogate pair (Postgres stores
 * neither), a `__proto__` key, nesting beyond 16. Answers the first such thing, or null.
 */
export function findForbidden(value: unknown, path = '', depth = 0): InputIssue | null {
  if (typeof value === 'string') return findInText(value, path);
  if (typeof value !== 'object' || value === null) return null;
  if (depth >= MAX_DEPTH) return { path: '', message: `is nested more than ${MAX_DEPTH} levels deep` };
  for (const key of Object.keys(value)) {
    const place = path ? `${path}.${key}` : key;
    if (key === '__proto__') return { path: place, message: 'is not a field' };
    const found = findInText(key, path) ?? findForbidden(value[key as keyof typeof value], place, depth + 1);
    if (found) return found;
  }
  return null;
}

function findInText(text: string, path: string): InputIssue | null {
  if (text.includes('\0')) return { path, message: 'must not contain the character U+0000' };
  return text.isWellFormed() ? null : { path, message: 'is not well-formed Unicode' };
}
