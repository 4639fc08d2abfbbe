import {
  AbortedTransactionError,
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  PostgresDialect,
  type QueryResult,
  type Transaction,
  type TransactionSettings,
} from 'kysely';
import type { Pool, PoolClient, QueryConfig } from 'pg';
import { PreparedStatements } from './prepared-statements.ts';

/**
 * Statements that travel together: one query in Kysely's eyes, by which the driver recognises them. Their results come
 * back as its rows. They are the hot ones, so the connection keeps them prepared.
 */
const bundles = new WeakMap<CompiledQuery, Bundle>();

interface Bundle {
  queries: readonly CompiledQuery[];
  commits: boolean;
}

/**
 * Runs statements of a transaction one after another without waiting for the answers in between: one round trip instead
 * of one each. They see each other's effects as ever. When one fails, so do those after it. Their texts are kept prepared,
 * so there should not be many: what differs from call to call belongs into their parameters.
 *
 * @param commits whether the transaction ends with them. Whether what they did may stand must then be decided by the
 * statements themselves, by failing.
 * @returns their results, in their order
 * @throws what the first of them that failed did
 */
export async function executeTogether<DB, Q extends readonly CompiledQuery[]>(
  trx: Transaction<DB>,
  queries: readonly [...Q],
  commits = false,
): Promise<ResultsOf<Q>> {
  const carrier = CompiledQuery.raw('');
  bundles.set(carrier, { queries, commits });
  const { rows } = await trx.executeQuery(carrier);
  return rows as ResultsOf<Q>;
}

type ResultsOf<Q extends readonly CompiledQuery[]> = {
  [I in keyof Q]: Q[I] extends CompiledQuery<infer R> ? QueryResult<R> : never;
};

/**
 * One connection of the pool. The statement that begins a transaction waits for the first one in it, and travels with it.
 */
class PipelinedConnection implements DatabaseConnection {
  readonly client: PoolClient;
  /** What begins the transaction, until it is sent. */
  begin: string | null = null;
  /** Whether Postgres has ended the transaction, as it was asked to by a bundle. */
  hasEnded = false;
  isBroken = false;
  /** Whether the transaction was made ready for statements that are kept prepared. */
  isPrepared = false;

  constructor(client: PoolClient) {
    this.client = client;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const bundle = bundles.get(query);
    if (bundle) return { rows: (await this.#runBundle(bundle)) as R[] };
    const [result] = await this.#send([{ text: query.sql, values: [...query.parameters] }]);
    return result as QueryResult<R>;
  }

  async #runBundle({ queries, commits }: Bundle): Promise<QueryResult<unknown>[]> {
    const prepared = PreparedStatements.of(this.client);
    if (!this.isPrepared) this.#addToBeginning(prepared.beginning());
    const named = queries.map((query) => prepared.toQuery(query));
    if (!commits) return await this.#send(named);
    const ends = async () => {
      const { command } = await this.client.query('commit');
      // After a statement that failed, Postgres answers a commit with a rollback.
      this.hasEnded = true;
      if (command === 'ROLLBACK') throw new AbortedTransactionError();
      return { rows: [] };
    };
    return (await this.#send(named, ends)).slice(0, queries.length);
  }

  #addToBeginning(text: string | null): void {
    if (text === null) return;
    this.isPrepared = true;
    if (this.begin !== null) this.begin += `;${text}`;
    // Where it fails, so does what is run behind it.
    else this.client.query(text).catch(() => undefined);
  }

  /** Everything is written at once; what comes back is waited for to the last, so that the connection is free again. */
  async #send(
    queries: readonly QueryConfig[],
    last?: () => Promise<QueryResult<unknown>>,
  ): Promise<QueryResult<unknown>[]> {
    const { begin } = this;
    this.begin = null;
    const stream = streamOf(this.client);
    stream?.cork();
    const begun = begin === null ? null : this.client.query(begin);
    const sent = queries.map(async (query) => resultOf(await this.client.query(query)));
    if (last) sent.push(last());
    stream?.uncork();
    const [started, answers] = await Promise.all([Promise.allSettled([begun]), Promise.allSettled(sent)]);
    for (const answer of [...started, ...answers]) if (answer.status === 'rejected') throw tellWhence(answer.reason);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  }

  // biome-ignore lint/correctness/useYield: nothing here streams, and a pipeline could not.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('rows are not streamed over a pipelined connection');
  }
}

/** Frames that lead from a statement back through Kysely to who wanted it. */
const FRAMES = 30;

/** Adds who asked to the stack of an error, which by itself begins and ends in `pg`. */
function tellWhence(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  const here = new Error().stack ?? '';
  Error.stackTraceLimit = stackTraceLimit;
  error.stack += here.slice(here.indexOf('\n'));
  return error;
}

const COUNTED = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

function resultOf({
  command,
  rowCount,
  rows,
}: {
  command: string;
  rowCount: number | null;
  rows: unknown[];
}): QueryResult<unknown> {
  return COUNTED.has(command) ? { numAffectedRows: BigInt(rowCount ?? 0), rows } : { rows: rows ?? [] };
}

interface Corkable {
  cork: () => void;
  uncork: () => void;
}

/** The client's socket, which `pg` does not document: without it, each statement is a system call of its own, no more. */
function streamOf(client: object): Corkable | null {
  const connection: unknown = 'connection' in client ? client.connection : null;
  const stream: unknown =
    typeof connection === 'object' && connection !== null && 'stream' in connection ? connection.stream : null;
  return isCorkable(stream) ? stream : null;
}

const isCorkable = (stream: unknown): stream is Corkable =>
  typeof stream === 'object' && stream !== null && 'cork' in stream && 'uncork' in stream;

/** Kysely on a pool whose clients are in pipeline mode. */
class PipelinedDriver implements Driver {
  readonly #pool: Pool;
  readonly #onBegin: string;

  constructor(pool: Pool, onBegin: string) {
    this.#pool = pool;
    this.#onBegin = onBegin;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PipelinedConnection> {
    return new PipelinedConnection(await this.#pool.connect());
  }

  async beginTransaction(connection: PipelinedConnection, settings: TransactionSettings): Promise<void> {
    const { isolationLevel, accessMode } = settings;
    const modes = [
      ...(isolationLevel ? [`isolation level ${isolationLevel}`] : []),
      ...(accessMode ? [accessMode] : []),
    ];
    connection.begin = [`begin ${modes.join(', ')}`, this.#onBegin].join(';');
    connection.hasEnded = false;
    connection.isPrepared = false;
  }

  async commitTransaction(connection: PipelinedConnection): Promise<void> {
    if (connection.begin !== null || connection.hasEnded) {
      // Nothing was done in it, or the last statements brought the commit along.
      connection.begin = null;
      return;
    }
    const { command } = await connection.client.query('commit');
    if (command === 'ROLLBACK') throw new AbortedTransactionError();
  }

  async rollbackTransaction(connection: PipelinedConnection): Promise<void> {
    if (connection.begin !== null || connection.hasEnded) {
      connection.begin = null;
      return;
    }
    try {
      await connection.client.query('rollback');
    } catch (error) {
      connection.isBroken = true;
      throw error;
    }
  }

  async releaseConnection(connection: PipelinedConnection): Promise<void> {
    connection.client.release(connection.isBroken);
  }

  async destroy(): Promise<void> {
    await this.#pool.end();
  }
}

export class PipelinedDialect extends PostgresDialect {
  readonly #pool: Pool;
  readonly #onBegin: string;

  /**
   * @param pool of clients in pipeline mode
   * @param onBegin what every transaction begins with, in the same round trip
   */
  constructor(pool: Pool, onBegin: string) {
    super({ pool });
    this.#pool = pool;
    this.#onBegin = onBegin;
  }

  override createDriver(): Driver {
    return new PipelinedDriver(this.#pool, this.#onBegin);
  }
}
