import type { Scenario } from './scenario.ts';
import { browse } from './scenarios/browse.ts';
import { emptyMutation } from './scenarios/empty-mutation.ts';
import { growth } from './scenarios/growth.ts';
import { holdAndConfirm } from './scenarios/hold-and-confirm.ts';
import { hotSeatedShow } from './scenarios/hot-seated-show.ts';
import { hotStandingShow } from './scenarios/hot-standing-show.ts';
import { liveWatchers } from './scenarios/live-watchers.ts';
import { oneBuyer } from './scenarios/one-buyer.ts';
import { overload } from './scenarios/overload.ts';
import { soldOutStorm } from './scenarios/sold-out-storm.ts';
import { twoProcesses } from './scenarios/two-processes.ts';

/** Every scenario there is, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  emptyMutation,
  hotStandingShow,
  holdAndConfirm,
  hotSeatedShow,
  soldOutStorm,
  browse,
  growth,
  liveWatchers,
  oneBuyer,
  twoProcesses,
  overload,
];
