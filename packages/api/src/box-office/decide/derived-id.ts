import { hash } from 'node:crypto';

/**
 * An id for what a decision makes by itself: a UUIDv7 as all others are, but the same for the same seed, so that what is
 * decided twice leads to the same rows.
 */
export function derivedId(seed: string, shard: number, now: Date): string {
  const time = now.getTime().toString(16).padStart(12, '0');
  const digest = hash('sha256', seed, 'hex');
  const variant = '89ab'[Number.parseInt(digest.slice(0, 1), 16) % 4];
  const version = `7${shard.toString(16).padStart(3, '0')}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}${digest.slice(1, 4)}-${digest.slice(4, 16)}`;
}
