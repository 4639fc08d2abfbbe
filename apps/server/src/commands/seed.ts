import { joinDatabase } from '../database.ts';
import { createLog } from '../log.ts';
import { openOffice, seedSamples } from '../office.ts';
import type { Command } from './command.ts';

export const seedCommand: Command = {
  name: 'seed',
  summary: 'make the sample events; what is there already is left as it is',
  options: {},
  async run({ settings, progress, print }) {
    await using opened = new AsyncDisposableStack();
    const server = await progress.step('Reach Postgres', () => joinDatabase(settings));
    opened.defer(() => server.stop());
    const log = createLog('warn', process.stdout.isTTY === true);
    const office = await openOffice(settings, server, log, progress, 'command');
    opened.defer(() => office.close());
    if (office.firstAdmin?.password) {
      const { email, password } = office.firstAdmin;
      print(`The first admin was made: ${email}, password ${password} (shown this once).`);
    }
    const made = await progress.step('Make sample events', (report) => seedSamples(office.services, report));
    print(`There are ${made.events} sample events with ${made.shows} shows at ${made.venues} venues.`);
    return 0;
  },
};
