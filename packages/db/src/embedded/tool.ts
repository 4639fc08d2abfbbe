import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { asUser, type ServiceUser } from './service-user.ts';

export interface ToolRun {
  readonly program: string;
  readonly args: readonly string[];
  readonly user: ServiceUser | undefined;
  /** A folder that `user` can reach; the tools look at where they are. */
  readonly folder: string;
  readonly input?: string;
  /** Ends the tool when the one who wanted it is gone. */
  readonly signal: AbortSignal;
}

/** A first start writes some 50 MB; a disk that needs minutes for them is broken. */
const TOOL_PATIENCE_MS = 120_000;
const KEPT_OUTPUT = 4_000;

/**
 * The environment of all Postgres programs: none of ours, which holds secrets, and settings like PGDATA or
 * LD_LIBRARY_PATH that would bend what the programs do.
 */
export function toolEnvironment(): NodeJS.ProcessEnv {
  // Windows programs do not even load without SystemRoot, PATH and others.
  return process.platform === 'win32' ? process.env : { LC_ALL: 'C', PATH: '/usr/bin:/bin' };
}

/** Runs a program to its end; rejects with its own words when it fails. */
export async function runTool(run: ToolRun): Promise<void> {
  const child = spawnTool(run);
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  // A tool that ends before it read its input says why by itself.
  child.stdin.on('error', () => {});
  child.stdin.end(run.input ?? '');
  let spawnError: Error | undefined;
  child.on('error', (error) => {
    spawnError = error;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (spawnError) throw new Error(explainSpawnError(run.program, spawnError));
  if (code !== 0) throw new Error(explainOutput(output));
}

function spawnTool(run: ToolRun): ChildProcessWithoutNullStreams {
  try {
    return spawn(run.program, [...run.args], {
      cwd: run.folder,
      env: toolEnvironment(),
      windowsHide: true,
      signal: AbortSignal.any([run.signal, AbortSignal.timeout(TOOL_PATIENCE_MS)]),
      ...asUser(run.user),
    });
  } catch (error) {
    // Node tells some failures by an event, and others, like a user that we may not switch to, right here.
    throw error instanceof Error ? new Error(explainSpawnError(run.program, error)) : error;
  }
}

/** A sentence part for a program that could not be started or was stopped. */
export function explainSpawnError(program: string, error: Error & { code?: string }): string {
  if (error.code === 'ENOENT') {
    return existsSync(program)
      ? `${program} cannot run on this system (it needs glibc, as Debian, Ubuntu and Fedora have); set DATABASE_URL to a PostgreSQL server of your own`
      : `${program} is missing; run pnpm install again`;
  }
  if (error.code === 'EPERM') return 'this process may not switch to another user, and Postgres refuses to run as root';
  return error.message;
}

/** The lines in which a Postgres program says what went wrong, as a sentence part. */
export function explainOutput(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.filter((line) => TELLING.test(line));
  const said = (telling.length > 0 ? telling : lines).slice(-3).map((line) => line.replace(TELLING, '').trim());
  return said.join(' ').replace(/\.$/, '') || 'it said nothing';
}

/** What comes before the words that count: a time stamp or a program's name, and the kind of the message. */
const TELLING = /^.*?\b(FATAL|PANIC|ERROR|DETAIL|HINT|error|detail|hint):\s*/;
