import { joinDatabase } from '../database.ts';
import { migrateServer } from '../office.ts';
import type { Command } from './command.ts';

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'bring the database up to date; the server does so at every start, too',
  options: {},
  async run({ settings, progress, print }) {
    await using opened = new AsyncDisposableStack();
    const server = await progress.step('Reach Postgres', () => joinDatabase(settings));
    opened.defer(() => server.stop());
    const applied = await progress.step('Bring the database up to date', () => migrateServer(server));
    print(applied.length === 0 ? 'There was nothing to do.' : `Applied ${applied.join(', ')}.`);
    return 0;
  },
};
