import { test } from 'vitest';
import { expectAllRight, HISTORIES } from './testing-range.ts';

/** A minute for ten thousand, on a machine that is busy with other things, too. */
const TIMEOUT_MS = 60_000 + 20 * HISTORIES;

test('whatever happens in whatever order, crashes included: every invariant holds (odd seeds)', {
  timeout: TIMEOUT_MS,
}, async () => {
  await expectAllRight(1);
});
