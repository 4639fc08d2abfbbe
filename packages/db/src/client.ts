import { Kysely, type Transaction } from 'kysely';
import pg from 'pg';
import { PipelinedDialect } from './pipelined-driver.ts';
import type { Database } from './schema.ts';

/** A handle that reads, or opens transactions. A `Trx` satisfies it; what locks or writes asks for a `Trx`. */
export type Db = Kysely<Database>;
/** An open transaction. Only `inTransaction` makes one. */
export type Trx = Transaction<Database>;

/** Bounds on what one transaction may take, in milliseconds. */
export interface TransactionLimits {
  statementTimeoutMs: number;
  lockTimeoutMs: number;
  idleTimeoutMs: number;
}

const DEFAULT_LIMITS: TransactionLimits = { statementTimeoutMs: 2000, lockTimeoutMs: 500, idleTimeoutMs: 5000 };

export interface DatabaseSettings {
  /** A connection string, as `pg` reads it. */
  url: string;
  /** At most this many connections at once; a hot row is fastest with few. */
  poolSize: number;
  /** What the server shows in pg_stat_activity. */
  applicationName?: string;
  /** `'none'` for migrations and exports, which may take as long as they take. */
  limits?: TransactionLimits | 'none';
  /** Called when an idle connection dies; the pool replaces it by itself. */
  onConnectionLost?: (error: Error) => void;
}

// How long a caller waits for a connection. The default of `pg` is for ever; this is long enough that a burst of several
// hundred requests passes through a small pool, and short enough that a hung server is noticed.
const CONNECTION_TIMEOUT_MS = 2000;

/** `bigint` columns hold amounts and counters far below 2^53, so they are read as numbers. */
function readBigint(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is no safe integer`);
  return value;
}

const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? readBigint : pg.types.getTypeParser(oid, format)),
};

/**
 * Every transaction begins with its limits, in the same round trip. They are local to it, since a pooler in transaction
 * mode refuses them as start-up parameters and shares sessions between clients.
 */
const beginWith = (limits: TransactionLimits): string =>
  `set local statement_timeout = ${limits.statementTimeoutMs}; set local lock_timeout = ${limits.lockTimeoutMs}; ` +
  `set local idle_in_transaction_session_timeout = ${limits.idleTimeoutMs}`;

const pools = new WeakMap<Db, pg.Pool>();

/** How a pool of connections is used at one moment. */
export interface PoolUse {
  /** At most this many connections. */
  size: number;
  /** Connections that are open, `idle` ones among them. */
  open: number;
  idle: number;
  /** Callers that wait for a connection. */
  waiting: number;
}

/** The use of the pool behind a handle of `createDatabase`; null for any other handle, such as a `Trx`. */
export function poolUseOf(db: Db): PoolUse | null {
  const pool = pools.get(db);
  if (!pool) return null;
  return { size: pool.options.max, open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount };
}

/** A pool of connections to one database. Nothing connects before the first query; `destroy()` closes it. */
export function createDatabase(settings: DatabaseSettings): Db {
  const config: pg.PoolConfig & { pipeline: true } = {
    connectionString: settings.url,
    max: settings.poolSize,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    application_name: settings.applicationName ?? 'evently',
    types: typeParsers,
    // Statements need not wait for the answers to those before them; see pipelined-driver.ts.
    pipeline: true,
  };
  const pool = new pg.Pool(config);
  const lost = (error: Error) => settings.onConnectionLost?.(error);
  // Without listeners, a backend that dies ends this process: the pool speaks for idle clients, each client for itself.
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', lost));
  const limits = settings.limits ?? DEFAULT_LIMITS;
  const db = new Kysely<Database>({ dialect: new PipelinedDialect(pool, limits === 'none' ? '' : beginWith(limits)) });
  pools.set(db, pool);
  return db;
}
