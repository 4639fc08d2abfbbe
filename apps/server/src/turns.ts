import { createAllowance } from '@evently/api/allowance';

/**
 * Lets calls begin a few at a time. Node handles everything that has arrived before it looks at the network again: when
 * sixty requests arrive at once, the database's answer, for which as many others wait, would lie there for milliseconds.
 * Who comes when nobody else does waits for nothing.
 *
 * @param startAllowance how many may begin in each of the turns that follow
 * @returns null to go ahead, or what to wait for
 */
export function createTurns(startAllowance: () => () => number = createAllowance): () => Promise<void> | null {
  const waiting: (() => void)[] = [];
  let nextAllowance = startAllowance();
  let allowed = 0;
  let isDue = false;

  function nextTurn(): void {
    allowed = nextAllowance();
    const begun = waiting.splice(0, allowed);
    allowed -= begun.length;
    for (const begin of begun) begin();
    isDue = begun.length > 0;
    if (isDue) setImmediate(nextTurn);
  }

  return () => {
    if (!isDue) {
      isDue = true;
      // Anew, or the time in which nobody came would count as a long turn.
      nextAllowance = startAllowance();
      allowed = nextAllowance();
      setImmediate(nextTurn);
    }
    if (allowed > 0 && waiting.length === 0) {
      allowed -= 1;
      return null;
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
}
