import { fileURLToPath } from 'node:url';
import { newId, shardOf } from '@evently/db/ids';
import pg from 'pg';
import { createClient } from '../load/client.ts';
import type { Side } from '../load/compare.ts';
import { createRenewal, type Statement, transactionOf } from '../load/replay.ts';
import type { Stage } from '../scenario.ts';
import { makeBuyers } from './buyers.ts';
import { wishFor } from './sales.ts';
import type { Server } from './server.ts';
import { openStandingShow } from './show.ts';

/** Loaded before a server's own main file, it lets us hear what the server says to Postgres; see there. */
export const RECORD_STATEMENTS = fileURLToPath(new URL('../targets/record-statements.ts', import.meta.url));

export interface Replay {
  side: Side;
  /** How many statements a booking takes. */
  statements: number;
  /** What is wrong: empty when every transaction that was acknowledged made a booking. */
  audit: () => Promise<string[]>;
}

/** After so many, plans and sessions are known and a booking takes what it always takes. */
const BOOKINGS_BEFORE = 5;
/** Between two bookings something else may happen once, such as the end of a hold. */
const MAX_TRIES = 5;
const A_BOOKING = /insert into "?bookings"?\b/i;

/**
 * The statements of one booking, as the server sends them today, sent again one after another by pg over one connection,
 * with ids of their own. The server was started with `RECORD_STATEMENTS`.
 */
export async function openReplay(stage: Stage, server: Server): Promise<Replay> {
  stage.progress.show('Listen to what a booking takes');
  const show = await openStandingShow(server.admin, 'statements of a booking', 0);
  const [token = ''] = await makeBuyers(server.db, 1);
  const client = createClient(server.url, 1);
  stage.opened.defer(() => client.close());
  let made = 0;
  const book = async () => {
    const answer = await client.call('bookings.book', wishFor(show), token);
    if ('refused' in answer) throw new Error(`a booking to listen to was refused: ${answer.refused}`);
    made += 1;
  };
  for (let i = 0; i < BOOKINGS_BEFORE; i += 1) await book();
  const renew = await listen(server, book);
  const connection = await connect(stage, server.databaseUrl);
  return {
    statements: renew().length,
    side: {
      name: 'the same statements, one after another',
      unit: 'bookings',
      connections: 1,
      async step() {
        await say(connection, renew());
        made += 1;
        return 'done';
      },
    },
    async audit() {
      const { rows } = await connection.query<{ booked: number }>(
        'SELECT count(*)::int AS booked FROM bookings WHERE show_id = $1 AND shard = $2',
        [show.showId, show.shard],
      );
      const booked = rows[0]?.booked;
      return booked === made ? [] : [`the statements of ${made} bookings made ${booked}`];
    },
  };
}

/** Listens to two bookings: what differs between them is what each of them made. */
async function listen(server: Server, book: () => Promise<void>): Promise<() => Statement[]> {
  const hear = async () => {
    await server.ask('record');
    await book();
    return transactionOf(await server.ask('recorded'), A_BOOKING);
  };
  for (let attempt = 1; ; attempt += 1) {
    const first = await hear();
    const second = await hear();
    try {
      return createRenewal(first, second, (old) => newId(shardOf(old)));
    } catch (error) {
      if (attempt === MAX_TRIES) throw error;
    }
  }
}

async function connect(stage: Stage, connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: 'evently-bench-replay' });
  // A lost connection shows as a failed query; without a listener it would end this process instead.
  client.on('error', () => undefined);
  await client.connect();
  stage.opened.defer(() => client.end());
  return client;
}

async function say(client: pg.Client, statements: readonly Statement[]): Promise<void> {
  try {
    // Without values it goes as a simple query, as a BEGIN with its limits does at the server, too.
    for (const { text, values } of statements)
      await (values.length > 0 ? client.query(text, values) : client.query(text));
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
