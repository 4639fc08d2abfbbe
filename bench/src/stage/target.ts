import { fileURLToPath } from 'node:url';
import { at } from '../load/answer.ts';
import type { Stage } from '../scenario.ts';
import { startChild } from './child.ts';

/** Starts one of the small servers in `targets/`, to be stopped when the scenario is over; to be driven there. */
export async function startTarget(
  stage: Pick<Stage, 'opened'>,
  name: 'bare-route' | 'raw-answer',
): Promise<{ url: string; cpuMs: () => Promise<number> }> {
  const child = startChild({ file: fileURLToPath(new URL(`../targets/${name}.ts`, import.meta.url)) });
  stage.opened.defer(() => child.stop());
  const port = at(await child.firstMessage(), 'port');
  if (typeof port !== 'number') throw new Error(`${name} does not say where it listens`);
  return { url: `http://127.0.0.1:${port}`, cpuMs: child.cpuMs };
}
