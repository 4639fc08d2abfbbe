import type { FirstAdmin } from '@evently/api/auth/first-admin';
import pc from 'picocolors';
import type { Settings } from './settings.ts';
import { VERSION } from './version.ts';

/** Works on a machine that has Node and nothing else. */
const PNPM = 'npx -y pnpm@12.21.0';

export interface BannerFacts {
  url: string;
  settings: Settings;
  firstAdmin: FirstAdmin | null;
  embedded: boolean;
  /** Which Redis is used, and why. */
  redis?: string | null;
}

const line = (name: string, value: string) => `  ${pc.dim(name.padEnd(11))}${value}`;

/** Who may sign in, when this start made them; a password that was made up is in these lines and nowhere else. */
export function firstAdminLines(firstAdmin: FirstAdmin | null): string {
  if (firstAdmin === null) return '';
  const password =
    firstAdmin.password === null
      ? pc.dim('as set in ADMIN_PASSWORD')
      : `${pc.bold(firstAdmin.password)} ${pc.yellow('shown this once; change it')}`;
  return `\n${line('Admin', pc.bold(firstAdmin.email))}\n${line('Password', password)}\n`;
}

/** What an operator wants to know of a process that only works jobs off. */
function workerBannerOf({ url }: BannerFacts): string {
  const lines = [
    '',
    `  ${pc.bold(pc.green('Evently'))} ${pc.dim(VERSION)} works jobs off; what it says of itself is open at ${pc.bold(url)}`,
    '',
    line('Health', `${url}/health`),
    line('Metrics', `${url}/metrics`),
    line('Data', 'the Postgres of DATABASE_URL'),
    '',
    `  ${pc.dim('Ctrl-C stops it.')}`,
    '',
  ];
  return `${lines.join('\n')}\n`;
}

/** What a newcomer wants to know once the server runs: where it is, who may sign in, what to try next. */
export function bannerOf(facts: BannerFacts): string {
  const { url, settings, firstAdmin, embedded, redis } = facts;
  if (settings.role === 'worker') return workerBannerOf(facts);
  const lines = [
    '',
    `  ${pc.bold(pc.green('Evently'))} ${pc.dim(VERSION)} is open at ${pc.bold(url)}`,
    '',
    line('Reference', `${url}/docs`),
    line('REST', `${url}/api/v1`),
    line('tRPC', `${url}/trpc`),
    line('Health', `${url}/health`),
    line('Metrics', `${url}/metrics`),
    line('Data', embedded ? `${settings.dataDir} ${pc.dim('(embedded Postgres)')}` : 'the Postgres of DATABASE_URL'),
    ...(settings.databaseReadUrl === null ? [] : [line('Replica', 'the Postgres of DATABASE_READ_URL')]),
    ...(redis ? [line('Redis', pc.dim(redis))] : []),
    ...(settings.role === 'http' ? [line('Jobs', 'left to processes whose ROLE is worker or all')] : []),
  ];
  lines.push(
    firstAdminLines(firstAdmin),
    `  ${pc.dim('Try next:')}`,
    `    curl '${url}/api/v1/events?limit=3'`,
    `    ${PNPM} --silent evently doctor`,
    `    ${PNPM} --silent evently rush`,
    // Through pnpm, which brings the Node that runs TypeScript.
    `    ${url.endsWith(':3000') ? '' : `EVENTLY_URL=${url} `}${PNPM} exec node examples/buy-a-ticket.ts`,
    '',
    `  ${pc.dim('Ctrl-C stops it.')}`,
    '',
  );
  return `${lines.join('\n')}\n`;
}
