interface Page {
  items: unknown[];
  nextCursor: string | null;
}

type Input = Record<string, unknown>;

/** The items of all pages, one page at a time. Each loop over it begins anew. */
export function iteratePages(fetchPage: (input: Input) => Promise<Page>, input: Input): AsyncIterable<unknown> {
  return {
    async *[Symbol.asyncIterator]() {
      for (let next = input; ; ) {
        const { items, nextCursor } = await fetchPage(next);
        yield* items;
        if (nextCursor === null) return;
        // Without this, a list that did not advance would be read for ever.
        if (nextCursor === next.cursor) throw new Error('The list does not advance: its next page is the same page.');
        next = { ...input, cursor: nextCursor };
      }
    },
  };
}
