import type { Scenario } from './scenario.ts';
import { emptyMutation } from './scenarios/empty-mutation.ts';
import { holdAndConfirm } from './scenarios/hold-and-confirm.ts';
import { hotStandingShow } from './scenarios/hot-standing-show.ts';

/** Every scenario there is, in the order in which they run. */
export const scenarios: readonly Scenario[] = [emptyMutation, hotStandingShow, holdAndConfirm];
