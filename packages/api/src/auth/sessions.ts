import { createHash, randomBytes } from 'node:crypto';
import type { Db } from '@evently/db/client';
import type { Role } from '@evently/db/schema';
import { type Adapter, type DatabaseSession, type DatabaseUser, Lucia, TimeSpan } from 'lucia';
import type { Actor } from '../context.ts';

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
  return createHash('sha256').update(token).digest('hex');
}

/**
 * Lucia's session id is the token itself. This adapter stores its SHA-256 and hands the token back, so that whoever reads
 * the table cannot act as anybody.
 */
function createAdapter(db: Db): Adapter {
  const toSession = (id: string, row: { user_id: string; expires_at: Date }): DatabaseSession => ({
    id,
    userId: row.user_id,
    expiresAt: row.expires_at,
    attributes: {},
  });
  return {
    async getSessionAndUser(token): Promise<[DatabaseSession | null, DatabaseUser | null]> {
      const row = await db
        .selectFrom('sessions')
        .innerJoin('users', 'users.id', 'sessions.user_id')
        .select(['sessions.user_id', 'sessions.expires_at', 'users.email', 'users.name', 'users.role'])
        .where('sessions.id', '=', hashToken(token))
        .executeTakeFirst();
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
  /** Who the token belongs to; null when it is unknown, expired or revoked. */
  findActor: (token: string) => Promise<Actor | null>;
  end: (token: string) => Promise<void>;
  /** Ends every session of a user, within the caller's transaction: after a change of password or role. */
  endAll: (db: Db, userId: string) => Promise<void>;
  deleteExpired: () => Promise<void>;
}

const TOKEN_PATTERN = /^ev[ao]_[A-Za-z0-9_-]{43}$/;
const ADMIN_HOURS = 12;

/**
 * Sessions on lucia, which slide: seven days for users and staff, twelve hours for admins. The token's prefix (`evo_`,
 * `eva_`) says which, and since a change of role ends all sessions, it always fits the role.
 */
export function createSessions(db: Db, { days }: { days: number }): Sessions {
  const luciaOn = (on: Db, span: TimeSpan) =>
    new Lucia<Record<never, never>, UserAttributes>(createAdapter(on), {
      sessionExpiresIn: span,
      getUserAttributes: ({ email, name, role }) => ({ email, name, role }),
    });
  const spans = { eva_: new TimeSpan(ADMIN_HOURS, 'h'), evo_: new TimeSpan(days, 'd') };
  const readers = { eva_: luciaOn(db, spans.eva_), evo_: luciaOn(db, spans.evo_) };
  const prefixOf = (token: string) => (token.startsWith('eva_') ? 'eva_' : 'evo_');

  return {
    async create(on, user) {
      const prefix = user.role === 'admin' ? 'eva_' : 'evo_';
      const sessionId = prefix + randomBytes(32).toString('base64url');
      const session = await luciaOn(on, spans[prefix]).createSession(user.id, {}, { sessionId });
      return { token: session.id, expiresAt: session.expiresAt };
    },
    async findActor(token) {
      if (!TOKEN_PATTERN.test(token)) return null;
      const { user } = await readers[prefixOf(token)].validateSession(token);
      return user && { userId: user.id, email: user.email, name: user.name, role: user.role };
    },
    end: (token) => readers[prefixOf(token)].invalidateSession(token),
    endAll: (on, userId) => luciaOn(on, spans.evo_).invalidateUserSessions(userId),
    deleteExpired: () => readers.evo_.deleteExpiredSessions(),
  };
}
