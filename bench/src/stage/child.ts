import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { toolEnvironment } from '@evently/db/embedded/tool';
import { at } from '../load/answer.ts';

/** A Node process of ours, on a leash. */
export interface Child {
  /** The first message that it sends. @throws Error when it ends before */
  firstMessage: () => Promise<unknown>;
  /** How much of the processor it has used so far, all its threads together, in milliseconds. @throws Error when it has ended */
  cpuMs: () => Promise<number>;
  /** How much memory it has at this moment, in bytes. @throws Error when it has ended */
  rssBytes: () => Promise<number>;
  /** Sends a message and answers the next one that comes: one question at a time. @throws Error when it has ended */
  ask: (message: object | string) => Promise<unknown>;
  /** Told of every message that comes. */
  listen: (listener: (message: unknown) => void) => void;
  /** Resolves with a sentence when it ends, for whatever reason. */
  ended: Promise<string>;
  /** Lets go of the leash, and waits. */
  stop: () => Promise<void>;
}

export interface ChildSettings {
  /** What it runs. */
  file: string;
  /** Loaded before it, in this order. */
  preloads?: string[];
  /** Of Node itself. */
  options?: string[];
  env?: Record<string, string>;
}

/** A server drains for up to ten seconds. */
const STOP_PATIENCE_MS = 15_000;
const LAST_WORDS_MS = 50;
const KEPT_OUTPUT = 4000;

const leash = fileURLToPath(new URL('../targets/leash.ts', import.meta.url));

export function startChild({ file, preloads = [], options = [], env = {} }: ChildSettings): Child {
  const imports = [leash, ...preloads].flatMap((preload) => ['--import', pathToFileURL(preload).href]);
  const child = spawn(process.execPath, [...options, ...imports, file], {
    // A session of its own: Ctrl-C in a terminal reaches us, and the child through its leash when we are done with it.
    detached: true,
    env: { ...toolEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    windowsHide: true,
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(`${file} could not be started: ${error.message}`));
    // Not `close`, which never comes once we let go of the channel ourselves. Last words may still be on their way.
    child.on('exit', async (code, signal) => {
      await sleep(LAST_WORDS_MS);
      resolve(`${file} ended (${signal ?? `code ${code}`}).\n${output}`.trim());
    });
  });
  const nextMessage = async () => {
    const next = new Promise<{ message: unknown }>((resolve) => {
      child.once('message', (message: unknown) => resolve({ message }));
    });
    const first = await Promise.race([next, ended]);
    if (typeof first === 'string') throw new Error(first);
    return first.message;
  };
  const ask = async (message: object | string) => {
    const answer = nextMessage();
    if (child.connected) child.send(message);
    return await answer;
  };
  return {
    ended,
    firstMessage: nextMessage,
    async cpuMs() {
      const used = await ask('usage');
      return (Number(at(used, 'user')) + Number(at(used, 'system'))) / 1000;
    },
    async rssBytes() {
      return Number(at(await ask('usage'), 'rss'));
    },
    ask,
    listen: (listener) => void child.on('message', listener),
    stop: () => stop(child, ended),
  };
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.connected) child.disconnect();
  const patience = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
  await ended;
  clearTimeout(patience);
}
