import { newId } from '@evently/db/ids';
import { withDatabase } from '@evently/db/urls';
import { sql } from 'kysely';
import pg from 'pg';
import type { Side } from '../load/compare.ts';
import type { Stage } from '../scenario.ts';
import type { Server } from './server.ts';

/** At most: more connections only queue for the row. */
const CLIENTS = 64;
const DATABASE = 'bench_floor';
const CAPACITY = 2_000_000_000;

export interface Floor {
  side: Side;
  /** What is wrong with its books; empty when every transaction that was acknowledged is there. */
  audit: () => Promise<string[]>;
}

/**
 * What a plain program reaches on the very same Postgres, with 64 connections that sell one hot counter: a transaction
 * per booking of a guarded UPDATE and an INSERT, and nothing else. No server, no HTTP, no sessions, no tickets, no history.
 */
export async function openFloor(stage: Stage, { db, databaseUrl }: Server): Promise<Floor> {
  stage.progress.show('Lay the floor');
  await sql`CREATE DATABASE ${sql.id(DATABASE)}`.execute(db);
  const url = withDatabase(databaseUrl, DATABASE);
  const connections = Math.min(CLIENTS, stage.plan.connections);
  const clients = await Promise.all(Array.from({ length: connections }, () => connect(stage, url)));
  const [first] = clients;
  if (!first) throw new Error('the floor needs a connection');
  await first.query(`
    CREATE TABLE counter (id int PRIMARY KEY, sold int NOT NULL, capacity int NOT NULL);
    INSERT INTO counter VALUES (1, 0, ${CAPACITY});
    CREATE TABLE booking (id uuid PRIMARY KEY, user_id uuid NOT NULL, created_at timestamptz NOT NULL DEFAULT now());`);
  const userId = newId();
  let acknowledged = 0;
  const side: Side = {
    name: `one transaction per booking, ${connections} clients`,
    unit: 'bookings',
    connections,
    async step(connection) {
      await book(clients[connection]!, userId);
      acknowledged += 1;
      return 'done';
    },
  };
  return {
    side,
    async audit() {
      const { rows } = await first.query<{ sold: number; booked: number }>(
        'SELECT sold, (SELECT count(*)::int FROM booking) AS booked FROM counter',
      );
      const sold = rows[0]?.sold;
      const booked = rows[0]?.booked;
      return sold === acknowledged && booked === acknowledged
        ? []
        : [`the floor acknowledged ${acknowledged} bookings, counted ${sold} and kept ${booked}`];
    },
  };
}

async function connect(stage: Stage, connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: 'evently-bench-floor' });
  // A lost connection shows as a failed query; without a listener it would end this process instead.
  client.on('error', () => undefined);
  await client.connect();
  stage.opened.defer(() => client.end());
  return client;
}

async function book(client: pg.Client, userId: string): Promise<void> {
  await client.query('BEGIN');
  const { rowCount } = await client.query('UPDATE counter SET sold = sold + 1 WHERE id = 1 AND sold < capacity');
  if (rowCount !== 1) {
    await client.query('ROLLBACK');
    throw new Error('the floor sold out');
  }
  await client.query('INSERT INTO booking (id, user_id) VALUES ($1, $2)', [newId(), userId]);
  await client.query('COMMIT');
}
