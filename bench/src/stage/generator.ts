import { fileURLToPath } from 'node:url';
import { at } from '../load/answer.ts';
import type { GeneratorReport, Order } from '../load/generator-process.ts';
import type { Stage } from '../scenario.ts';
import { startChild } from './child.ts';

/** Sends a load of bookings in a process of its own. @throws Error when that fails */
export type Generator = (order: Order) => Promise<GeneratorReport>;

const FILE = fileURLToPath(new URL('../load/generator-process.ts', import.meta.url));

/** Starts a generator, to be stopped when the scenario is over. */
export function startGenerator({ opened, signal }: Stage): Generator {
  const child = startChild({ file: FILE });
  opened.defer(() => child.stop());
  return async (order) => {
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    const report = await Promise.race([child.ask(order), stopped]);
    const error = at(report, 'error');
    if (typeof error === 'string') throw new Error(error);
    // It is our own process that sends nothing else.
    return report as GeneratorReport;
  };
}
