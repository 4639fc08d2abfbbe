interface Entry {
  readonly member: string;
  readonly score: number;
}

/** Long enough that there are few of them, short enough that moving what lies behind an entry takes less than a microsecond. */
const MAX_SHELF = 128;

const isBefore = (entry: Entry, member: string, score: number) =>
  entry.score < score || (entry.score === score && entry.member < member);

/**
 * Members in order of their scores, and of their names where scores are equal: what Redis calls a sorted set. They stand on
 * shelves, none of them empty, so that a hundred thousand can be ranked, added and removed in microseconds.
 */
export class RankedSet {
  readonly #scores = new Map<string, number>();
  #shelves: Entry[][] = [];

  get size(): number {
    return this.#scores.size;
  }

  score(member: string): number | undefined {
    return this.#scores.get(member);
  }

  add(member: string, score: number): void {
    if (this.#scores.get(member) === score) return;
    this.remove(member);
    this.#scores.set(member, score);
    const at = Math.min(this.#findShelf(member, score), this.#shelves.length - 1);
    const shelf = this.#shelves[at];
    if (!shelf) {
      this.#shelves.push([{ member, score }]);
      return;
    }
    shelf.splice(findOn(shelf, member, score), 0, { member, score });
    if (shelf.length > MAX_SHELF) this.#shelves.splice(at + 1, 0, shelf.splice(MAX_SHELF / 2));
  }

  remove(member: string): void {
    const score = this.#scores.get(member);
    if (score === undefined) return;
    this.#scores.delete(member);
    const at = this.#findShelf(member, score);
    const shelf = this.#shelves[at]!;
    shelf.splice(findOn(shelf, member, score), 1);
    if (shelf.length === 0) this.#shelves.splice(at, 1);
  }

  first(): Entry | undefined {
    return this.#shelves[0]?.[0];
  }

  /** The first members whose score is no greater, at most so many. */
  upTo(score: number, most: number): string[] {
    const found: string[] = [];
    for (const shelf of this.#shelves) {
      for (const entry of shelf) {
        if (found.length === most || entry.score > score) return found;
        found.push(entry.member);
      }
    }
    return found;
  }

  /** How many are before it; of members only. */
  rank(member: string): number {
    const score = this.#scores.get(member) ?? Number.NEGATIVE_INFINITY;
    const at = this.#findShelf(member, score);
    const before = this.#shelves.slice(0, at).reduce((sum, { length }) => sum + length, 0);
    return before + findOn(this.#shelves[at] ?? [], member, score);
  }

  clear(): void {
    this.#scores.clear();
    this.#shelves = [];
  }

  /** The first shelf whose last entry is not before it. */
  #findShelf(member: string, score: number): number {
    let low = 0;
    let high = this.#shelves.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#shelves[middle]!.at(-1)!, member, score)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Where on its shelf it is, or would be. */
function findOn(shelf: readonly Entry[], member: string, score: number): number {
  let low = 0;
  let high = shelf.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(shelf[middle]!, member, score)) low = middle + 1;
    else high = middle;
  }
  return low;
}
