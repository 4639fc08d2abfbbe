import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@evently/db/client';
import { sql } from 'kysely';
import type { Logger } from '../context.ts';
import { inTime } from '../in-time.ts';

/** How to reach a replica. Nothing connects before the first query. */
export interface Replica {
  /** Opens a pool of connections to it, anew whenever the last one was given up. */
  open: () => Db;
  /** Opens a connection to its primary. One beside the pool for requests, since a primary in need is what a replica is for. */
  openPrimary: () => Db;
}

export interface FollowSettings extends Replica {
  log: Logger;
  /** Told again and again how far the replica is: it has all that was committed before this instant of `performance.now()`. */
  onCaughtUp: (instant: number) => void;
}

export interface ReplicaFollower {
  /** Null while it is left alone. */
  replica: () => Db | null;
  /** It did not do: leaves it alone for a while. */
  rest: (reason: string) => void;
  /** Resolves when its connections are closed, or not worth waiting for. */
  stop: () => Promise<void>;
}

const LOOK_EVERY_MS = 100;
/** A replica that does not say within this time how far it is, is away. */
const PATIENCE_MS = 2000;
const REST_MS = 1000;
const CLOSE_PATIENCE_MS = 1000;
/** Positions that the replica has yet to reach; a replica that far behind is of no use. */
const MOST_POSITIONS = 20;

/** Where the primary's log of changes stood; what was acknowledged before the instant lies before it. */
interface Position {
  instant: number;
  lsn: bigint;
}

class ReplicaError extends Error {
  override readonly name = 'ReplicaError';
}

/**
 * Keeps asking a replica how much of the primary's log it has replayed. That, and no clock of its own, says what it has:
 * an idle primary writes nothing that a replica could be seen to keep up with.
 */
export function followReplica({ open, openPrimary, log, onCaughtUp }: FollowSettings): ReplicaFollower {
  const stopping = new AbortController();
  const primary = openPrimary();
  const positions: Position[] = [];
  let replica: Db | null = null;
  let opened = open();
  let restsUntil = 0;
  let isAway = false;

  function rest(reason: string): void {
    replica = null;
    restsUntil = performance.now() + REST_MS;
    if (!isAway) log.warn({ reason }, 'the replica is not read from for now; the primary does it');
    isAway = true;
  }

  async function look(): Promise<void> {
    const at = performance.now();
    // Its own troubles are seen by whoever works with it; they say nothing about the replica.
    const stands = await readPrimary(primary).catch(() => null);
    if (stands === null) return;
    positions.push({ instant: at, lsn: stands.lsn });
    if (positions.length > MOST_POSITIONS) positions.shift();
    const has = await inTime(readReplica(opened, stands.cluster), PATIENCE_MS);
    const reached = positions.filter(({ lsn }) => lsn <= has);
    positions.splice(0, reached.length);
    const last = reached.at(-1);
    if (last === undefined || performance.now() < restsUntil) return;
    onCaughtUp(last.instant);
    replica = opened;
    if (isAway) log.info({}, 'the replica is read from again');
    isAway = false;
  }

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await look();
        await pause(LOOK_EVERY_MS);
      } catch (error) {
        if (stopping.signal.aborted) return;
        rest(error instanceof Error ? error.message : String(error));
        // What hangs may hang for as long as the network takes to notice; fresh connections need not wait for that.
        void close(opened);
        opened = open();
        await pause(REST_MS);
      }
    }
  }
  const pause = (ms: number) => sleep(ms, undefined, { ref: false, signal: stopping.signal }).catch(() => undefined);
  const following = follow();

  return {
    replica: () => replica,
    rest,
    async stop() {
      stopping.abort();
      await Promise.race([following, sleep(CLOSE_PATIENCE_MS, undefined, { ref: false })]);
      await Promise.all([close(primary), close(opened)]);
    },
  };
}

async function readPrimary(db: Db): Promise<{ cluster: string; lsn: bigint }> {
  const { rows } = await sql<{ cluster: string; lsn: string }>`
    SELECT system_identifier::text AS cluster, pg_current_wal_flush_lsn()::text AS lsn FROM pg_control_system()`.execute(
    db,
  );
  const { cluster, lsn } = rows[0]!;
  return { cluster, lsn: parseLsn(lsn) };
}

/** How far the replica has replayed. @throws ReplicaError when it is none, or not of this primary */
async function readReplica(db: Db, cluster: string): Promise<bigint> {
  const { rows } = await sql<{ cluster: string; lsn: string | null }>`
    SELECT system_identifier::text AS cluster, CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END::text AS lsn
    FROM pg_control_system()`.execute(db);
  const stands = rows[0]!;
  if (stands.cluster !== cluster) throw new ReplicaError('it belongs to another cluster than the primary');
  if (stands.lsn === null) throw new ReplicaError('it is no replica, or one no longer');
  return parseLsn(stands.lsn);
}

/** As in `16/B374D848`: the upper and the lower half, in hexadecimal digits. */
function parseLsn(text: string): bigint {
  const [high = '', low = ''] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

/** Connections that hang end by themselves, some time. */
async function close(db: Db): Promise<void> {
  const closed = db.destroy().catch(() => undefined);
  await Promise.race([closed, sleep(CLOSE_PATIENCE_MS, undefined, { ref: false })]);
}
