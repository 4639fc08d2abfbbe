import { fileURLToPath } from 'node:url';
import { createClient } from '../load/client.ts';
import type { Side } from '../load/compare.ts';
import type { Stage } from '../scenario.ts';
import { signInBuyers } from './buyers.ts';
import type { Server } from './server.ts';

/** Loaded before a server's own main file, it gives the server an empty mutation; see there. */
export const EMPTY_MUTATION = fileURLToPath(new URL('../targets/empty-mutation.ts', import.meta.url));

/** P0: a server's empty mutation, called by signed-in users. The server was started with `EMPTY_MUTATION`. */
export async function callNothing(stage: Stage, server: Server): Promise<Side> {
  const nextBuyer = await signInBuyers(stage, server.db);
  const step = sendNothing(stage, server.url);
  return {
    name: 'an empty authenticated mutation',
    unit: 'requests',
    step: (connection) => step(nextBuyer(connection)),
    cpuMs: server.cpuMs,
  };
}

/** Sends the call of an empty mutation to whatever answers it. */
export function sendNothing(stage: Stage, url: string): (token: string) => Promise<'done'> {
  const client = createClient(url, stage.plan.connections);
  stage.opened.defer(() => client.close());
  return async (token) => {
    const answer = await client.call('bookings.nothing', {}, token);
    // Whoever does nothing can be refused nothing: something else than the mutation would be measured.
    if ('refused' in answer) throw new Error(`a call that does nothing was refused: ${answer.refused}`);
    return 'done';
  };
}
