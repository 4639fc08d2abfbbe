import { createDatabase } from '@evently/db/client';
import { openJobQueues } from '@evently/jobs/queues';
import { findUserByEmail } from './auth/accounts.ts';
import { createScriptContext, type Logger } from './context.ts';
import { createCaller } from './router.ts';
import { createServices } from './services.ts';

export interface ScriptOffice extends AsyncDisposable {
  /** Every procedure, called in this process: the same checks and answers, no network. */
  call: ReturnType<typeof createCaller>;
}

export interface ScriptSettings {
  databaseUrl: string;
  /** The e-mail address of whom the script acts as; null: as nobody. */
  actAs: string | null;
}

const POOL_SIZE = 5;

const quietLog: Logger = {
  info: () => undefined,
  warn: () => undefined,
  error: (facts, message) => console.error(message, facts),
};

/**
 * Opens the office for an internal script. The database must be up to date; a server over it may run at the same time.
 *
 * @example
 * await using office = await openScriptOffice({ databaseUrl, actAs: 'admin@example.com' });
 * const { items } = await office.call.admin.events.list({});
 * @throws Error when there is no account with that address
 */
export async function openScriptOffice({ databaseUrl, actAs }: ScriptSettings): Promise<ScriptOffice> {
  await using opened = new AsyncDisposableStack();
  const db = createDatabase({ url: databaseUrl, poolSize: POOL_SIZE, applicationName: 'evently-script' });
  opened.defer(() => db.destroy());
  const onError = (error: Error) => quietLog.error({ error }, 'the job queues reported a failure');
  const queues = await openJobQueues({ url: databaseUrl, poolSize: 1, works: false, onError });
  opened.defer(() => queues.stop(1000));
  const services = createServices({ db, queues, log: quietLog });
  opened.defer(() => services.boxOffice.drain());
  const user = actAs === null ? null : await findUserByEmail(db, actAs);
  if (user === undefined) throw new Error(`There is no account ${actAs}.`);
  const actor = user && { userId: user.id, email: user.email, name: user.name, role: user.role };
  const toClose = opened.move();
  return {
    call: createCaller(createScriptContext(services, actor)),
    [Symbol.asyncDispose]: () => toClose.disposeAsync(),
  };
}
