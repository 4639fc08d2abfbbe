import type { CompiledQuery } from 'kysely';
import type { PoolClient, QueryConfig } from 'pg';

/** How many different statements are kept prepared; each takes some ten kilobytes of each connection's memory. */
const MAX_PREPARED = 256;
/** How old a plan may be. */
const REPLAN_AFTER_MS = 1000;

/** The names under which texts are prepared, the same on all connections. */
const names = new Map<string, string>();

/**
 * The statements that one connection has prepared. Reading and planning a statement takes Postgres as long as running it for
 * a whole batch does; one that is prepared is read once, and planned once a second.
 *
 * A plan that fits tables of any content is as old as the tables were then, and a sale starts on empty ones: kept for ever, it
 * would read them from end to end when they have grown. So plans are made anew from time to time.
 */
export class PreparedStatements {
  readonly #client: PoolClient;
  #isAsked = false;
  /** Whether the connection leads to one session of Postgres, where what was prepared is found again. */
  #isDirect = false;
  #plannedAt = Number.NEGATIVE_INFINITY;

  private constructor(client: PoolClient) {
    this.#client = client;
  }

  static readonly #ofClients = new WeakMap<PoolClient, PreparedStatements>();

  /** The statements of a connection of a pool, whoever uses it at the moment. */
  static of(client: PoolClient): PreparedStatements {
    const known = PreparedStatements.#ofClients.get(client);
    if (known) return known;
    const statements = new PreparedStatements(client);
    PreparedStatements.#ofClients.set(client, statements);
    return statements;
  }

  /**
   * What a transaction in which they are run has to begin with, if anything.
   *
   * Without the setting, Postgres would plan five times for what it is given then, before it keeps a plan. It ends with the
   * transaction, since it holds for statements without a name, too, and a search has to be planned for what is searched for.
   */
  beginning(): string | null {
    if (!this.#isAsked) this.#findOut();
    if (!this.#isDirect) return null;
    const setting = 'set local plan_cache_mode = force_generic_plan';
    if (performance.now() - this.#plannedAt < REPLAN_AFTER_MS) return setting;
    this.#plannedAt = performance.now();
    return `${setting}; discard plans`;
  }

  /** The statement as `pg` takes it: by name, where the connection keeps it. */
  toQuery({ sql: text, parameters }: CompiledQuery): QueryConfig {
    const name = this.#isDirect ? nameOf(text) : undefined;
    return { text, values: [...parameters], ...(name === undefined ? {} : { name }) };
  }

  /**
   * A pooler such as PgBouncer hands each transaction another session, in which nobody prepared anything. It also answers
   * for itself how a query may be cancelled, so that the process which it names is not the one that runs our statements.
   */
  #findOut(): void {
    this.#isAsked = true;
    const client: object = this.#client;
    const told = 'processID' in client ? client.processID : null;
    const found = this.#client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    found.then(
      ({ rows }) => {
        this.#isDirect = rows[0]?.pid === told;
      },
      // Whatever fails here fails for whoever is served by the connection, too.
      () => undefined,
    );
  }
}

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= MAX_PREPARED) return known;
  const name = `evently_${names.size + 1}`;
  names.set(text, name);
  return name;
}
