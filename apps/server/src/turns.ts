/** How many calls may begin before the event loop looks at the network again. */
const MOST_PER_TURN = 8;

/**
 * Lets calls begin a few at a time. Node handles everything that has arrived before it looks at the network again: when
 * sixty requests arrive at once, the database's answer, for which as many others wait, would lie there for milliseconds.
 * Who comes when nobody else does waits for nothing.
 *
 * @returns null to go ahead, or what to wait for
 */
export function createTurns(most = MOST_PER_TURN): () => Promise<void> | null {
  const waiting: (() => void)[] = [];
  let begun = 0;
  let isDue = false;

  function nextTurn(): void {
    begun = Math.min(waiting.length, most);
    for (const begin of waiting.splice(0, begun)) begin();
    isDue = begun > 0;
    if (isDue) setImmediate(nextTurn);
  }

  return () => {
    if (!isDue) {
      isDue = true;
      setImmediate(nextTurn);
    }
    if (begun < most && waiting.length === 0) {
      begun += 1;
      return null;
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
}
