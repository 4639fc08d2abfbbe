import path from 'node:path';
import { z } from 'zod';
import { isTrustable } from './trust-proxy.ts';

/** Everything that the environment decides, read once and frozen. The README's table says what each is for. */
export interface Settings {
  /** What this process does: answer requests, work off jobs, or both. */
  role: (typeof ROLES)[number];
  /** Null: the embedded Postgres in `dataDir`. */
  databaseUrl: string | null;
  /** For migrations and jobs, which need sessions of their own; the same as `databaseUrl` unless that is a pooler. */
  databaseDirectUrl: string | null;
  /** A replica for reads that may be a moment behind; null: there is none. May hold a password. */
  databaseReadUrl: string | null;
  databasePoolSize: number;
  /** Null: a Redis of our own, where a program for one is found. May hold a password. */
  redisUrl: string | null;
  redis: 'on' | 'off';
  host: string;
  port: number;
  /** Whose word on a caller's address is taken, by address, CIDR range or name of a range; null: nobody's. */
  trustProxy: string[] | null;
  rateLimit: 'on' | 'off';
  /** Calls per 15 minutes, of a user or, of those who did not sign in, an address. */
  rateLimitGeneral: number;
  /** Calls per minute that hold, book or confirm, of a user. */
  rateLimitBooking: number;
  /** Failures to sign in per 15 minutes, of an account and an address together. */
  rateLimitLogin: number;
  /** Accounts opened per 15 minutes, of an address. */
  rateLimitRegister: number;
  /** How many may watch shows at once, in all and from one address. */
  maxWatchers: number;
  maxWatchersPerAddress: number;
  /** Where the world reaches us, without a slash at the end. */
  publicUrl: string;
  /** Absolute. */
  dataDir: string;
  /** What tokens that leave the house are signed with; null: made once and kept in `dataDir`. */
  secret: string | null;
  adminEmail: string | null;
  adminPassword: string | null;
  demo: boolean;
  sessionDays: number;
  holdSeconds: number;
  /** How often holds that nobody came back for are ended, in seconds. */
  sweepSeconds: number;
  /** From how many active buyers on a show has a waiting room by itself. */
  waitingRoomThreshold: number;
  /** How many a waiting room admits within a second, at most. */
  waitingRoomRate: number;
  /** Whom mails come from. */
  mailFrom: string;
  /** Null: every origin. There are no cookies that another site could ride on. */
  corsOrigins: string[] | null;
  logLevel: (typeof LOG_LEVELS)[number];
}

const ROLES = ['all', 'http', 'worker'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const wholeNumber = (min: number, max: number, ifAbsent: number) =>
  z
    .string()
    .default(String(ifAbsent))
    .refine((value) => /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max, {
      message: `must be a whole number from ${min} to ${max}`,
    })
    .transform(Number);

const url = (protocols: RegExp, example: string) =>
  z
    .string()
    .refine((value) => URL.canParse(value) && protocols.test(new URL(value).protocol), `must be a URL like ${example}`);

const postgresUrl = url(/^postgres(ql)?:$/, 'postgres://user:password@host:5432/evently');

const redisUrl = z
  .string()
  .refine(
    (value) => value.startsWith('/') || (URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol)),
    'must be a URL like redis://user:password@host:6379, or the path of a Unix socket',
  );

const onOrOff = (ifAbsent: 'on' | 'off') => z.enum(['on', 'off'], 'must be on or off').default(ifAbsent);

const MOST_CALLS = 1e9;
/** As many as an admin may set, too. */
const MOST_ACTIVE = 1_000_000;

/** Named, but not shown when they do not fit. */
const HIDDEN = new Set([
  'ADMIN_PASSWORD',
  'DATABASE_URL',
  'DATABASE_DIRECT_URL',
  'DATABASE_READ_URL',
  'REDIS_URL',
  'SECRET',
]);

const settings = z.object({
  ROLE: z.enum(ROLES, `must be one of ${ROLES.join(', ')}`).default('all'),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_DIRECT_URL: postgresUrl.optional(),
  DATABASE_READ_URL: postgresUrl.optional(),
  DATABASE_POOL_SIZE: wholeNumber(2, 200, 10),
  REDIS_URL: redisUrl.optional(),
  REDIS: onOrOff('on'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535, 3000),
  TRUST_PROXY: z
    .string()
    .transform((list) => (list.trim() === 'off' ? null : list.split(',').map((name) => name.trim())))
    .refine((names) => names === null || names.every(isTrustable), {
      message:
        'must name the proxies in front of the server by address, CIDR range, loopback, linklocal or uniquelocal, separated by commas, or be off; not everybody can be trusted',
    })
    .default(null),
  RATE_LIMIT: onOrOff('on'),
  RATE_LIMIT_GENERAL: wholeNumber(1, MOST_CALLS, 1000),
  RATE_LIMIT_BOOKING: wholeNumber(1, MOST_CALLS, 30),
  RATE_LIMIT_LOGIN: wholeNumber(1, MOST_CALLS, 5),
  RATE_LIMIT_REGISTER: wholeNumber(1, MOST_CALLS, 50),
  MAX_WATCHERS: wholeNumber(1, 1_000_000, 15_000),
  MAX_WATCHERS_PER_ADDRESS: wholeNumber(1, 1_000_000, 100),
  PUBLIC_URL: url(/^https?:$/, 'https://tickets.example.com').optional(),
  DATA_DIR: z.string().min(1).default('.evently'),
  SECRET: z.string().min(32, 'must have at least 32 characters').max(1000).optional(),
  NODE_ENV: z.string().optional(),
  ADMIN_EMAIL: z.string().trim().toLowerCase().pipe(z.email('must be an e-mail address')).optional(),
  ADMIN_PASSWORD: z.string().min(10, 'must have at least 10 characters').max(200).optional(),
  DEMO: onOrOff('on'),
  SESSION_DAYS: wholeNumber(1, 365, 7),
  HOLD_SECONDS: wholeNumber(1, 86_400, 600),
  SWEEP_SECONDS: wholeNumber(1, 3600, 30),
  WAITING_ROOM_THRESHOLD: wholeNumber(1, MOST_ACTIVE, 500),
  WAITING_ROOM_RATE: wholeNumber(1, 10_000, 50),
  MAIL_FROM: z.string().min(3).max(320).default('Evently <tickets@evently.local>'),
  CORS_ORIGINS: z
    .string()
    .transform((list) => list.split(',').map((origin) => origin.trim().replace(/\/$/, '')))
    .refine((origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin), {
      message: 'must be origins separated by commas, such as https://tickets.example.com',
    })
    .optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
});

const environment = settings.superRefine((given, check) => {
  // What one process of several makes up, the others do not know, and a container may forget it overnight.
  if (given.SECRET !== undefined || given.NODE_ENV !== 'production' || given.DATABASE_URL === undefined) return;
  check.addIssue({ code: 'custom', path: ['SECRET'], message: 'must be set in production with a DATABASE_URL' });
});

/** Settings that do not fit; the message has one line per problem. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads the settings from the environment; an empty variable counts as absent.
 *
 * @throws SettingsError
 */
export function readSettings(env: Record<string, string | undefined> = process.env): Settings {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(present);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      const shown = HIDDEN.has(name) ? '' : ` (it is ${JSON.stringify(present[name])})`;
      return `${name} ${issue.message}${shown}`;
    });
    throw new SettingsError(lines.join('\n'));
  }
  const given = parsed.data;
  const host = given.HOST.includes(':') ? `[${given.HOST}]` : given.HOST;
  return Object.freeze({
    role: given.ROLE,
    databaseUrl: given.DATABASE_URL ?? null,
    databaseDirectUrl: given.DATABASE_DIRECT_URL ?? given.DATABASE_URL ?? null,
    databaseReadUrl: given.DATABASE_READ_URL ?? null,
    databasePoolSize: given.DATABASE_POOL_SIZE,
    redisUrl: given.REDIS_URL ?? null,
    redis: given.REDIS,
    host: given.HOST,
    port: given.PORT,
    trustProxy: given.TRUST_PROXY,
    rateLimit: given.RATE_LIMIT,
    rateLimitGeneral: given.RATE_LIMIT_GENERAL,
    rateLimitBooking: given.RATE_LIMIT_BOOKING,
    rateLimitLogin: given.RATE_LIMIT_LOGIN,
    rateLimitRegister: given.RATE_LIMIT_REGISTER,
    maxWatchers: given.MAX_WATCHERS,
    maxWatchersPerAddress: given.MAX_WATCHERS_PER_ADDRESS,
    publicUrl: (given.PUBLIC_URL ?? `http://${host}:${given.PORT}`).replace(/\/+$/, ''),
    dataDir: path.resolve(given.DATA_DIR),
    secret: given.SECRET ?? null,
    adminEmail: given.ADMIN_EMAIL ?? null,
    adminPassword: given.ADMIN_PASSWORD ?? null,
    demo: given.DEMO === 'on',
    sessionDays: given.SESSION_DAYS,
    holdSeconds: given.HOLD_SECONDS,
    sweepSeconds: given.SWEEP_SECONDS,
    waitingRoomThreshold: given.WAITING_ROOM_THRESHOLD,
    waitingRoomRate: given.WAITING_ROOM_RATE,
    mailFrom: given.MAIL_FROM,
    corsOrigins: given.CORS_ORIGINS ?? null,
    logLevel: given.LOG_LEVEL,
  });
}
