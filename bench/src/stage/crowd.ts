import { fileURLToPath } from 'node:url';
import { at } from '../load/answer.ts';
import { pathOf } from '../load/reader.ts';
import type { Crowd, CrowdReport } from '../load/watchers-process.ts';
import type { Stage } from '../scenario.ts';
import { startChild } from './child.ts';
import type { Server } from './server.ts';

const FILE = fileURLToPath(new URL('../load/watchers-process.ts', import.meta.url));

/**
 * Lets a crowd watch a show, until the scenario is over.
 *
 * @returns how to learn what they saw since all of them had the whole seat map. @throws Error when somebody sees nothing
 */
export async function openCrowd(
  { opened }: Stage,
  server: Server,
  { showId, watchers }: { showId: string; watchers: number },
): Promise<() => Promise<CrowdReport>> {
  const child = startChild({ file: FILE });
  opened.defer(() => child.stop());
  const { hostname: host, port } = new URL(server.url);
  const path = pathOf({ procedure: 'events.watch', input: { showId } });
  const answer = await child.ask({ host, port: Number(port), path, watchers } satisfies Crowd);
  const error = at(answer, 'error');
  if (typeof error === 'string') throw new Error(error);
  // It is our own process that answers nothing else.
  return async () => (await child.ask('collect')) as CrowdReport;
}
