import pc from 'picocolors';

/** Tells an operator what a command is doing, step by step. */
export interface Progress {
  /** Runs a step and ticks it off with how long it took; a step that fails is marked and throws on. */
  step: <T>(what: string, work: (report: (done: number, total: number) => void) => Promise<T>) => Promise<T>;
}

/** As much of a stream as is needed: `process.stdout` is one. */
export interface ProgressOutput {
  isTTY?: boolean;
  write: (text: string) => unknown;
}

const BAR_WIDTH = 24;

/**
 * Lines with a tick each; in a terminal, the line of the running step is redrawn in place.
 *
 * @param signal when it is aborted, the next step throws its reason instead of beginning
 */
export function createProgress(out: ProgressOutput, signal?: AbortSignal): Progress {
  const redraw = (line: string) => {
    if (out.isTTY) out.write(`\r\x1b[K${line}`);
  };
  return {
    async step(what, work) {
      signal?.throwIfAborted();
      const began = performance.now();
      redraw(`  ${pc.cyan('…')} ${what}`);
      try {
        const result = await work((done, total) => redraw(`  ${pc.cyan('…')} ${what} ${bar(done, total)}`));
        redraw('');
        out.write(`  ${pc.green('✓')} ${what} ${pc.dim(`${Math.round(performance.now() - began)} ms`)}\n`);
        return result;
      } catch (error) {
        redraw('');
        out.write(`  ${pc.red('✗')} ${what}\n`);
        throw error;
      }
    },
  };
}

function bar(done: number, total: number): string {
  const filled = total === 0 ? BAR_WIDTH : Math.round((done / total) * BAR_WIDTH);
  return `${pc.cyan('█'.repeat(filled))}${pc.dim('░'.repeat(BAR_WIDTH - filled))} ${done}/${total}`;
}

/** Steps that nobody watches. */
export const silentProgress: Progress = { step: (_what, work) => work(() => undefined) };
