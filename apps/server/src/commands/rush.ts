import { access } from 'node:fs/promises';
import { joinDatabase } from '../database.ts';
import { createLog } from '../log.ts';
import { openOffice } from '../office.ts';
import { createLines, createScreen, styleOf } from '../rush/display.ts';
import { readRushOptions, rushHelp } from '../rush/options.ts';
import { runRush } from '../rush/run.ts';
import type { Settings } from '../settings.ts';
import type { Command } from './command.ts';

const FALLBACK_COLUMNS = 80;

export const rushCommand: Command = {
  name: 'rush',
  summary: 'let a crowd race for a small show on the running server, and ask the database whether all was well',
  options: {
    buyers: { type: 'string', help: rushHelp.buyers },
    seats: { type: 'string', help: rushHelp.seats },
    places: { type: 'string', help: rushHelp.places },
    seconds: { type: 'string', help: rushHelp.seconds },
    price: { type: 'string', help: rushHelp.price },
    seed: { type: 'string', help: rushHelp.seed },
    url: { type: 'string', help: 'where the server answers; PUBLIC_URL unless given' },
  },
  async run({ settings, progress, options: typed, print }) {
    const options = readRushOptions(typed);
    const url = typeof typed.url === 'string' ? typed.url.replace(/\/+$/, '') : settings.publicUrl;
    const problems = Array.isArray(options) ? options : [];
    if (!/^https?:\/\/./.test(url) || !URL.canParse(url)) {
      problems.push(`--url must be a URL like http://localhost:3000; it is ${url}.`);
    }
    if (Array.isArray(options) || problems.length > 0) {
      print(problems.join('\n'));
      return 2;
    }
    const absent = (await examineServer(url)) ?? (await examineFolder(settings, url));
    if (absent !== null) {
      print(absent);
      return 1;
    }
    await using opened = new AsyncDisposableStack();
    const server = await progress.step('Reach Postgres', () => joinDatabase(settings));
    opened.defer(() => server.stop());
    // It would be written across the picture; what matters ends up in the verdict.
    const log = createLog('silent', false);
    const office = await openOffice({ ...settings, demo: false }, server, log, progress, 'command');
    opened.defer(() => office.close());
    const out = process.stdout;
    const style = await styleOf(out);
    const display = out.isTTY ? createScreen(out, style) : createLines(print, style);
    const columns = () => (out.isTTY ? out.columns : FALLBACK_COLUMNS);
    const stop = listenForSignals();
    opened.defer(stop.end);
    const { services } = office;
    return await runRush({ services, url, options, progress, display, style, columns, print, stop: stop.signal });
  },
};

const PATIENCE_MS = 5000;

/** Why the server at this address will not do, in a sentence; null when it will. */
async function examineServer(url: string): Promise<string | null> {
  const health = await fetch(`${url}/health`, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => null);
  if (health === null)
    return `No server answers at ${url}: start one with pnpm start, and let them race in another terminal.`;
  await health.body?.cancel();
  if (!health.headers.has('x-request-id')) return `What answers at ${url} is not Evently: name its address with --url.`;
  return health.ok ? null : `The server at ${url} says that it is not healthy: ask pnpm evently doctor.`;
}

/** Without this, a Postgres would be set up in a folder where none was, only to find that the server has another. */
async function examineFolder({ databaseUrl, dataDir }: Settings, url: string): Promise<string | null> {
  if (databaseUrl !== null) return null;
  const isThere = await access(dataDir).then(
    () => true,
    () => false,
  );
  if (isThere) return null;
  return `There is no ${dataDir}, so the server at ${url} has its data elsewhere: run this with its DATA_DIR or DATABASE_URL.`;
}

/** The first Ctrl-C ends the rush, the second one everything. */
function listenForSignals(): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    end: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
