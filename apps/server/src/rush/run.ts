import type { Services } from '@evently/api/context';
import type { Db } from '@evently/db/client';
import { shardOf } from '@evently/db/ids';
import { explain } from '../explain.ts';
import type { Progress } from '../progress.ts';
import { audit } from './audit.ts';
import type { Display } from './display.ts';
import { drawOutcome } from './picture.ts';
import type { RushOptions } from './plan.ts';
import { type RaceResult, race } from './race.ts';
import { prepareStage, type Stage } from './stage.ts';
import type { Style } from './style.ts';
import { describeVerdict, exitCodeOf, type Verdict } from './verdict.ts';

export interface RushSettings {
  /** Over the database of the server. */
  services: Services;
  /** Where the server answers. */
  url: string;
  options: RushOptions;
  progress: Progress;
  display: Display;
  style: Style;
  /** Of the verdict. */
  columns: () => number;
  print: (text: string) => void;
  /** Aborting it ends the rush early; the verdict is on what happened until then. */
  stop: AbortSignal;
}

/**
 * A whole rush: buyers and show are made, the doors open and close, the database is asked.
 *
 * @returns the exit code: 0, 1 when a promise is broken, 130 when it was stopped before its end
 * @throws Error with a sentence for the operator when it cannot begin
 */
export async function runRush(settings: RushSettings): Promise<number> {
  const { services, url, options, progress, display, style, columns, print, stop } = settings;
  const stage = await prepareStage(services, url, options, progress);
  try {
    print(`  Watch it in a browser: ${url}/watch/${stage.show.showId}\n`);
    const result = await race(stage, options, display, stop);
    print(['', ...drawOutcome(result.picture, style, columns()), ''].join('\n'));
    const verdict = await judge(services.db, stage, result);
    print(describeVerdict(verdict, style, columns()).join('\n'));
    return exitCodeOf(verdict);
  } finally {
    // Where the database is gone, the sessions are beyond reach; they end by themselves some day.
    await stage.close().catch(() => undefined);
  }
}

/** Holds what the clients were told against what the database says. */
export async function judge(db: Db, { show }: Pick<Stage, 'show'>, result: RaceResult): Promise<Verdict> {
  const key = { showId: show.showId, shard: shardOf(show.showId) };
  const { tally, closing, durationMs } = result;
  const findings = await audit(db, key, show, result).catch(
    (error: unknown) => `The database could not be asked. ${explain(error)}`,
  );
  return { show, closing, durationMs, tally, findings };
}
