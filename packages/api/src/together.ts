interface Waiting<T, R> {
  item: T;
  resolve: (result: R) => void;
  reject: (error: unknown) => void;
}

/**
 * Does one thing for many who ask for it at the same time. Who comes alone waits for nobody; who comes while others are
 * served is served with the next. One round is under way at a time.
 *
 * @param work answers one result per item, in their order; when it fails, it fails for all of them
 * @param most items in a round
 */
export function together<T, R>(
  work: (items: readonly T[]) => Promise<readonly R[]>,
  most: number,
): (item: T) => Promise<R> {
  const queue: Waiting<T, R>[] = [];
  let isServing = false;

  async function serve(): Promise<void> {
    isServing = true;
    // Those who come in the same turn of the event loop go together, the first of them included.
    await Promise.resolve();
    while (queue.length > 0) {
      const round = queue.splice(0, most);
      try {
        const results = await work(round.map(({ item }) => item));
        round.forEach(({ resolve, reject }, index) => {
          if (index < results.length) resolve(results[index]!);
          else reject(new Error('one of several was left without a result'));
        });
      } catch (error) {
        for (const { reject } of round) reject(error);
      }
    }
    isServing = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject });
      if (!isServing) void serve();
    });
}
