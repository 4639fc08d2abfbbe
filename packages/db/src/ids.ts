import { randomBytes, randomInt } from 'node:crypto';

/** How many shards there are: the 12 `rand_a` bits of a UUIDv7 name one of them. */
export const SHARD_COUNT = 4096;

/** A shard at random, for a new event; everything beneath the event shares it. */
export function newShard(): number {
  return randomInt(SHARD_COUNT);
}

// Random bytes are drawn in blocks, since one system call per id shows in profiles of the rush.
const BLOCK_BYTES = 4096;
let block = randomBytes(0);
let used = 0;

function nextRandomBytes(count: number): Buffer {
  if (used + count > block.length) {
    block = randomBytes(BLOCK_BYTES);
    used = 0;
  }
  used += count;
  return block.subarray(used - count, used);
}

/**
 * A UUIDv7 (RFC 9562) whose 12 `rand_a` bits are the shard: 48 bits of Unix milliseconds, the version, the shard,
 * the variant and 62 random bits. Ids of one shard sort by the time they were made.
 *
 * @param shard 0 to 4095; absent: drawn at random, for rows that belong to no event.
 */
export function newId(shard: number = newShard(), now: number = Date.now()): string {
  if (!Number.isInteger(shard) || shard < 0 || shard >= SHARD_COUNT) throw new RangeError(`there is no shard ${shard}`);
  const time = now.toString(16).padStart(12, '0');
  const random = nextRandomBytes(8);
  random[0] = (random[0]! & 0x3f) | 0x80;
  const tail = random.toString('hex');
  const version = `7${shard.toString(16).padStart(3, '0')}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

/** The shard that an id carries, 0 to 4095. Ids that we did not make have one too; nothing is found under it. */
export function shardOf(id: string): number {
  return Number.parseInt(id.slice(15, 18), 16);
}
