import { hash, randomBytes } from 'node:crypto';
import type { Db } from '@evently/db/client';
import type { Role } from '@evently/db/schema';
import { sql } from 'kysely';
import { type Adapter, type DatabaseSession, type DatabaseUser, Lucia, TimeSpan } from 'lucia';
import type { Changes } from '../changes.ts';
import type { Actor } from '../context.ts';
import { together } from '../together.ts';
import { createSessionCache, type FoundSession, type SessionCacheStats } from './session-cache.ts';
import { createTokenOwners } from './token-owners.ts';

interface UserAttributes {
  email: string;
  name: string;
  role: Role;
}

declare module 'lucia' {
  interface Register {
    Lucia: Lucia<Record<never, never>, UserAttributes>;
    DatabaseUserAttributes: UserAttributes;
  }
}

/** What is stored of a token. Tokens carry 256 random bits, so a plain hash cannot be searched. */
function hashToken(token: string): string {
  return hash('sha256', token, 'hex');
}

/** As many sessions as a statement looks up without growing slow. */
const MAX_LOOKED_UP = 256;

interface SessionOfUser extends UserAttributes {
  id: string;
  user_id: string;
  expires_at: Date;
}

/** The sessions of these ids with their users, in the order of the ids; undefined where there is none. */
async function listSessions(db: Db, ids: readonly string[]): Promise<(SessionOfUser | undefined)[]> {
  const { rows } = await sql<SessionOfUser>`
    SELECT s.id, s.user_id, s.expires_at, u.email, u.name, u.role
    FROM unnest(${ids}::text[]) AS wanted (id)
    CROSS JOIN LATERAL (SELECT * FROM sessions WHERE sessions.id = wanted.id LIMIT 1) AS s
    CROSS JOIN LATERAL (SELECT * FROM users WHERE users.id = s.user_id LIMIT 1) AS u`.execute(db);
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id));
}

/**
 * Lucia's session id is the token itself. This adapter stores its SHA-256 and hands the token back, so that whoever reads
 * the table cannot act as anybody.
 */
function createAdapter(db: Db): Adapter {
  // At the opening of a sale thousands come whom nobody has seen for five seconds: they are looked up together.
  const findSession = together((ids: readonly string[]) => listSessions(db, ids), MAX_LOOKED_UP);
  const toSession = (id: string, row: { user_id: string; expires_at: Date }): DatabaseSession => ({
    id,
    userId: row.user_id,
    expiresAt: row.expires_at,
    attributes: {},
  });
  return {
    async getSessionAndUser(token): Promise<[DatabaseSession | null, DatabaseUser | null]> {
      const row = await findSession(hashToken(token));
      if (!row) return [null, null];
      const { email, name, role } = row;
      return [toSession(token, row), { id: row.user_id, attributes: { email, name, role } }];
    },
    async getUserSessions(userId) {
      const rows = await db.selectFrom('sessions').selectAll().where('user_id', '=', userId).execute();
      return rows.map((row) => toSession(row.id, row));
    },
    async setSession(session) {
      await db
        .insertInto('sessions')
        .values({ id: hashToken(session.id), user_id: session.userId, expires_at: session.expiresAt })
        .execute();
    },
    async updateSessionExpiration(token, expiresAt) {
      await db.updateTable('sessions').set({ expires_at: expiresAt }).where('id', '=', hashToken(token)).execute();
    },
    async deleteSession(token) {
      await db.deleteFrom('sessions').where('id', '=', hashToken(token)).execute();
    },
    async deleteUserSessions(userId) {
      await db.deleteFrom('sessions').where('user_id', '=', userId).execute();
    },
    async deleteExpiredSessions() {
      await db.deleteFrom('sessions').where('expires_at', '<=', new Date()).execute();
    },
  };
}

export interface NewSession {
  token: string;
  expiresAt: Date;
}

export interface Sessions {
  /** A new token for a user who proved who they are. Half way to its end, use prolongs it. */
  create: (db: Db, user: { id: string; role: Role }) => Promise<NewSession>;
  /** Who the token belongs to, if that was looked up in the last five seconds; undefined: ask `findActor`. */
  findCached: (token: string) => Actor | undefined;
  /**
   * The id of whom the token belonged to when it was last looked up; null for nobody, undefined when that was not lately. It says
   * on whom a call is counted, and lets nobody in.
   */
  findOwner: (token: string) => string | null | undefined;
  /** Who the token belongs to, or did up to five seconds ago; null when it is unknown, expired or revoked. */
  findActor: (token: string) => Promise<Actor | null>;
  /** Who the token belongs to at this moment; for staff, admins, and what cannot be undone. */
  findActorNow: (token: string) => Promise<Actor | null>;
  /** Ends a session, here at once, and tells other processes. */
  end: (token: string) => Promise<void>;
  /**
   * Ends every session of a user, within the caller's transaction: after a change of password or role. The caller tells
   * of the change `user` once it is committed.
   */
  endAll: (db: Db, userId: string) => Promise<void>;
  deleteExpired: () => Promise<void>;
  /** How often memory knew a session. */
  stats: Readonly<SessionCacheStats>;
}

const TOKEN_PATTERN = /^ev[ao]_[A-Za-z0-9_-]{43}$/;
const TOKEN_LENGTH = 47;
const ADMIN_HOURS = 12;

/**
 * Sessions on lucia, which slide: seven days for users and staff, twelve hours for admins. The token's prefix (`evo_`,
 * `eva_`) says which, and since a change of role ends all sessions, it always fits the role.
 */
export function createSessions(db: Db, { days, changes }: { days: number; changes: Changes }): Sessions {
  const luciaOn = (on: Db, span: TimeSpan) =>
    new Lucia<Record<never, never>, UserAttributes>(createAdapter(on), {
      sessionExpiresIn: span,
      getUserAttributes: ({ email, name, role }) => ({ email, name, role }),
    });
  const spans = { eva_: new TimeSpan(ADMIN_HOURS, 'h'), evo_: new TimeSpan(days, 'd') };
  const readers = { eva_: luciaOn(db, spans.eva_), evo_: luciaOn(db, spans.evo_) };
  const prefixOf = (token: string) => (token.startsWith('eva_') ? 'eva_' : 'evo_');
  const cache = createSessionCache({ changes });
  const owners = createTokenOwners(changes);

  async function load(token: string): Promise<FoundSession | null> {
    const { session, user } = await readers[prefixOf(token)].validateSession(token);
    owners.keep(hashToken(token), user?.id ?? null);
    if (!user) return null;
    const { id: userId, email, name, role } = user;
    return { actor: { userId, email, name, role }, expiresAt: session.expiresAt };
  }

  const findActorNow = async (token: string) =>
    TOKEN_PATTERN.test(token) ? ((await load(token))?.actor ?? null) : null;

  return {
    async create(on, user) {
      const prefix = user.role === 'admin' ? 'eva_' : 'evo_';
      const sessionId = prefix + randomBytes(32).toString('base64url');
      const session = await luciaOn(on, spans[prefix]).createSession(user.id, {}, { sessionId });
      return { token: session.id, expiresAt: session.expiresAt };
    },
    findCached(token) {
      // Anything else is in no memory, and not worth a hash.
      return token.length === TOKEN_LENGTH && token.startsWith('evo_') ? cache.find(hashToken(token)) : undefined;
    },
    findOwner: (token) => (TOKEN_PATTERN.test(token) ? owners.find(hashToken(token)) : null),
    async findActor(token) {
      if (!TOKEN_PATTERN.test(token) || token.startsWith('eva_')) return await findActorNow(token);
      const id = hashToken(token);
      return cache.find(id) ?? (await cache.lookUp(id, () => load(token)));
    },
    findActorNow,
    async end(token) {
      await readers[prefixOf(token)].invalidateSession(token);
      changes.tell({ kind: 'session', id: hashToken(token) });
    },
    endAll: (on, userId) => luciaOn(on, spans.evo_).invalidateUserSessions(userId),
    deleteExpired: () => readers.evo_.deleteExpiredSessions(),
    stats: cache.stats,
  };
}
