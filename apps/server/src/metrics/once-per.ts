/** What is beyond a bound, or unknown, is counted under this name. */
export const OTHER = 'other';

/**
 * Makes something once per name and keeps it, since to look a series up by its labels costs more than to count. Beyond
 * `most` names all others share one.
 */
export function createOncePer<T>(most: number, make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  const makeOnce = (name: string): T => {
    const it = make(name);
    made.set(name, it);
    return it;
  };
  return (name) => made.get(name) ?? (made.size < most ? makeOnce(name) : (made.get(OTHER) ?? makeOnce(OTHER)));
}
