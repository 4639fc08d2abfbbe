/** What the guard is told when it is started, as JSON in its only argument. It holds no secrets: others can read arguments. */
export interface GuardOrder {
  /** Absolute path of the wanted folder. */
  readonly directory: string;
  /** Extra server settings. */
  readonly settings: Readonly<Record<string, string>>;
  /** The process that wants Postgres, to be named to others who want the same data. */
  readonly ownerPid: number;
}

/** How Postgres came to its end. */
export interface EmbeddedPostgresExit {
  /** True after `stop()`, false when Postgres or its guard ended by itself. */
  readonly asked: boolean;
  /** A sentence for the log. */
  readonly reason: string;
}

/** What the guard reports, one JSON document per line. */
export type GuardMessage =
  | {
      readonly type: 'ready';
      readonly url: string;
      readonly directory: string;
      readonly port: number | null;
      readonly pid: number;
    }
  | { readonly type: 'failed'; readonly message: string }
  | ({ readonly type: 'ended' } & EmbeddedPostgresExit);
