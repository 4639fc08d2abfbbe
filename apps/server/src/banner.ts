import type { FirstAdmin } from '@evently/api/auth/first-admin';
import pc from 'picocolors';
import type { Settings } from './settings.ts';
import { VERSION } from './version.ts';

export interface BannerFacts {
  url: string;
  settings: Settings;
  firstAdmin: FirstAdmin | null;
  embedded: boolean;
}

/** What a newcomer wants to know once the server runs: where it is, who may sign in, what to try next. */
export function bannerOf({ url, settings, firstAdmin, embedded }: BannerFacts): string {
  const line = (name: string, value: string) => `  ${pc.dim(name.padEnd(11))}${value}`;
  const lines = [
    '',
    `  ${pc.bold(pc.green('Evently'))} ${pc.dim(VERSION)} is open at ${pc.bold(url)}`,
    '',
    line('Reference', `${url}/docs`),
    line('REST', `${url}/api/v1`),
    line('tRPC', `${url}/trpc`),
    line('Health', `${url}/health`),
    line('Data', embedded ? `${settings.dataDir} ${pc.dim('(embedded Postgres)')}` : 'the Postgres of DATABASE_URL'),
  ];
  if (firstAdmin) {
    lines.push('', line('Admin', pc.bold(firstAdmin.email)));
    lines.push(
      firstAdmin.password === null
        ? line('Password', pc.dim('as set in ADMIN_PASSWORD'))
        : line('Password', `${pc.bold(firstAdmin.password)} ${pc.yellow('shown this once; change it')}`),
    );
  }
  lines.push(
    '',
    `  ${pc.dim('Try next:')}`,
    `    curl '${url}/api/v1/events?limit=3'`,
    `    pnpm --silent evently doctor`,
    `    node examples/buy-a-ticket.ts`,
    '',
    `  ${pc.dim('Ctrl-C stops it.')}`,
    '',
  );
  return `${lines.join('\n')}\n`;
}
