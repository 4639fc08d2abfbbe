import { hash } from 'node:crypto';
import type { Services } from '@evently/api/context';
import type { ProcedureMeta } from '@evently/api/meta';
import { type SharedCache, tagsOf } from '@evently/api/shared-cache';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { VERSION } from './version.ts';

/** An answer as it goes out, the same for whoever asks. */
export interface KeptAnswer {
  body: Buffer;
  /** Quoted, as in the header. */
  etag: string;
  cacheControl: string;
}

/** What a procedure says of its answers that are for everybody. */
export type PublicRead = NonNullable<ProcedureMeta['publicRead']>;

/**
 * Answers to public reads, kept as they go out: in memory for half a second, and for all processes in Redis. What is
 * committed here, or told of from elsewhere, is forgotten at once, and who asks after that gets an answer that was read
 * after it. However many ask at the same time, the database is asked once.
 */
export interface PublicReads {
  /** Whether `find` would answer; counts as no look-up. */
  isKept: (url: string) => boolean;
  find: (url: string) => KeptAnswer | undefined;
  /** @param read asks the database; whatever it throws, everybody gets who waited for it */
  load: (url: string, about: PublicRead, input: unknown, read: () => Promise<string>) => Promise<KeptAnswer>;
}

export interface PublicReadsSettings {
  /** Called before the database is asked; may refuse. */
  onLoad?: () => void;
}

/** Others follow within a second, and a replica may be half a second behind. */
const LIFE_MS = 500;
/** What never changes need not be read again so soon; the bound is for memory, not for freshness. */
const IMMUTABLE_LIFE_MS = 300_000;
const MAX_BYTES = 64 * 1024 * 1024;
/** What an entry takes beside its body. */
const ENTRY_BYTES = 1000;

interface Entry extends KeptAnswer {
  tags: readonly string[];
}

/** One question to the database, and those who wait for its answer. */
interface Flight {
  tags: readonly string[];
  answer: Promise<KeptAnswer>;
  /** Something changed since it began: who comes now waits for the next one. */
  isStale: boolean;
  next: Promise<KeptAnswer> | null;
}

export function createPublicReads(
  { changes, plans, metrics }: Pick<Services, 'changes' | 'plans' | 'metrics'>,
  shared: SharedCache,
  { onLoad = () => undefined }: PublicReadsSettings = {},
): PublicReads {
  const urlsOf = new Map<string, Set<string>>();
  const kept = new LRUCache<string, Entry>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ body }, url) => body.length + 2 * url.length + ENTRY_BYTES,
    ttl: LIFE_MS,
    dispose: ({ tags }, url) => {
      for (const tag of tags) {
        const urls = urlsOf.get(tag);
        urls?.delete(url);
        if (urls?.size === 0) urlsOf.delete(tag);
      }
    },
  });
  const flights = new Map<string, Flight>();

  changes.listen((change) => {
    if (change.kind === 'all') {
      kept.clear();
      for (const flight of flights.values()) flight.isStale = true;
      return;
    }
    const tags = tagsOf(change);
    for (const tag of tags) for (const url of [...(urlsOf.get(tag) ?? [])]) kept.delete(url);
    for (const flight of flights.values()) if (tags.some((tag) => flight.tags.includes(tag))) flight.isStale = true;
  });

  function keep(url: string, entry: Entry, isImmutable: boolean): void {
    kept.set(url, entry, isImmutable ? { ttl: IMMUTABLE_LIFE_MS } : {});
    if (!kept.has(url)) return;
    for (const tag of entry.tags) {
      const urls = urlsOf.get(tag) ?? new Set();
      urlsOf.set(tag, urls.add(url));
    }
  }

  async function fly(url: string, about: PublicRead, input: unknown, read: () => Promise<string>): Promise<KeptAnswer> {
    const flight: Flight = { tags: earlyTags(about, input), answer: never, isStale: false, next: null };
    flights.set(url, flight);
    try {
      flight.tags = await findTags(plans, about, input, flight.tags);
      const { body: known, keep: share } = await shared.find(`${VERSION} ${url}`, flight.tags);
      const body = known ?? (await read());
      if (known === null) share(body);
      const answer = { ...toAnswer(body, about), tags: flight.tags };
      if (!flight.isStale) keep(url, answer, about.isImmutable === true);
      return answer;
    } finally {
      if (flights.get(url) === flight) flights.delete(url);
    }
  }

  function start(url: string, about: PublicRead, input: unknown, read: () => Promise<string>): Promise<KeptAnswer> {
    const answer = fly(url, about, input, read);
    const flight = flights.get(url);
    if (flight) flight.answer = answer;
    return answer;
  }

  return {
    isKept: (url) => kept.has(url),
    find(url) {
      const found = kept.get(url);
      if (found) metrics.cacheRead('public_reads', true);
      return found;
    },
    async load(url, about, input, read) {
      metrics.cacheRead('public_reads', false);
      const flight = flights.get(url);
      if (!flight) onLoad();
      if (!flight) return await start(url, about, input, read);
      if (!flight.isStale) return await flight.answer;
      const after = () => start(url, about, input, read);
      flight.next ??= flight.answer.then(after, after);
      return await flight.next;
    },
  };
}

const never = new Promise<never>(() => undefined);

const fieldOf = (input: unknown, name: string): string =>
  typeof input === 'object' && input !== null && name in input ? String(input[name as keyof typeof input]) : '';

/** What can be told from the input alone, which nobody has checked yet. */
function earlyTags({ about }: PublicRead, input: unknown): string[] {
  if (about === 'listings') return ['listings'];
  if (about === 'show') return [`show:${fieldOf(input, 'showId')}`];
  const eventId = fieldOf(input, 'eventId');
  return [`event:${eventId}`, `shows-of:${eventId}`];
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** A show's answers are also those of its event. */
async function findTags(
  plans: Services['plans'],
  { about }: PublicRead,
  input: unknown,
  early: readonly string[],
): Promise<readonly string[]> {
  const showId = fieldOf(input, 'showId');
  if (about !== 'show' || !UUID.test(showId)) return early;
  const plan = await plans.find(showId);
  return plan ? [...early, `event:${plan.eventId}`] : early;
}

function toAnswer(text: string, { isImmutable }: PublicRead): KeptAnswer {
  const body = Buffer.from(text);
  return {
    body,
    etag: etagOf(body),
    // A shared cache in front of us may answer for a second. A browser asks each time, and is mostly told that nothing
    // changed: its user shall see at once what they did.
    cacheControl: isImmutable ? 'public, max-age=3600' : 'public, max-age=0, s-maxage=1, must-revalidate',
  };
}

export const etagOf = (body: Buffer): string => `"${hash('sha1', body, 'base64url')}"`;

/** Sends the answer, or that the caller has it already. */
export function sendKept(request: FastifyRequest, reply: FastifyReply, answer: KeptAnswer): FastifyReply {
  reply.header('etag', answer.etag).header('cache-control', answer.cacheControl);
  if (hasAlready(request.headers['if-none-match'], answer.etag)) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').send(answer.body);
}

/** Whether a caller who sends this `if-none-match` has what bears the tag. */
export function hasAlready(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  // Caches on the way may have marked it as weak.
  return header === etag || header.split(',').some((known) => [etag, '*'].includes(known.trim().replace(/^W\//, '')));
}
