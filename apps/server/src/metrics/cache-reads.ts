import type { Metrics } from '@evently/api/metrics';
import { Counter, type Registry } from '@prometheus-io/client';
import { createOncePer } from './once-per.ts';

/** What a cache counts by itself, from the start of the process on. */
export type CacheStats = Readonly<{ hits: number; misses: number }>;

export interface CacheReads {
  record: Pick<Metrics, 'cacheRead'>;
  /** Caches that count by themselves; looked at by each scrape. */
  watch: (caches: Readonly<Record<string, CacheStats>>) => void;
}

const MOST_CACHES = 20;

/** One counter for all caches: those that tell of each read, and those that count by themselves. */
export function createCacheReads(registry: Registry): CacheReads {
  const watched = new Map<string, { stats: CacheStats; seen: { hits: number; misses: number } }>();
  const reads = new Counter({
    name: 'evently_cache_reads_total',
    help: 'Reads of caches that found what they looked for, or did not.',
    labelNames: ['cache', 'result'],
    registers: [registry],
    collect() {
      for (const [cache, { stats, seen }] of watched) {
        const { hits, misses } = stats;
        cacheOf(cache).hit.inc(hits - seen.hits);
        cacheOf(cache).miss.inc(misses - seen.misses);
        Object.assign(seen, { hits, misses });
      }
    },
  });
  const cacheOf = createOncePer(MOST_CACHES, (cache) => ({
    hit: reads.labels(cache, 'hit'),
    miss: reads.labels(cache, 'miss'),
  }));
  return {
    record: { cacheRead: (cache, isHit) => cacheOf(cache)[isHit ? 'hit' : 'miss'].inc() },
    watch(caches) {
      for (const [cache, stats] of Object.entries(caches)) watched.set(cache, { stats, seen: { hits: 0, misses: 0 } });
    },
  };
}
