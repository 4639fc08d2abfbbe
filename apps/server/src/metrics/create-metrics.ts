import type { Metrics } from '@evently/api/metrics';
import { listProcedures, listSubscriptions } from '@evently/api/procedures';
import { collectDefaultMetrics, Gauge, Registry } from '@prometheus-io/client';
import { VERSION } from '../version.ts';
import { type CacheStats, createCacheReads } from './cache-reads.ts';
import { type Watched, watch } from './gauges.ts';
import { createRecorder } from './recorder.ts';

/** The metrics of one process. */
export interface ProcessMetrics {
  /** Told of everything that happens. */
  record: Metrics;
  /** Looked at by each scrape. Each thing is watched once. */
  watch: (watched: Partial<Watched>) => void;
  /** The same for caches that count by themselves, by their names. */
  watchCaches: (caches: Readonly<Record<string, CacheStats>>) => void;
  /** All of it in Prometheus's text format. */
  print: () => Promise<string>;
  contentType: string;
}

/**
 * @param own whether the process's own numbers are among them, its processor time, memory and event loop; these are
 *   watched for as long as the process runs, so a process asks for them once
 */
export function createMetrics(own: 'with-process' | 'alone' = 'with-process'): ProcessMetrics {
  const registry = new Registry();
  new Gauge({
    name: 'evently_build_info',
    help: 'Always 1; which Evently runs, and on which Node.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version: VERSION, node: process.versions.node }, 1);
  if (own === 'with-process') collectDefaultMetrics({ register: registry });
  const procedures = [...listProcedures(), ...listSubscriptions()].map(({ path }) => path);
  const cacheReads = createCacheReads(registry);
  return {
    record: { ...createRecorder(registry, procedures), ...cacheReads.record },
    watch: (watched) => watch(registry, watched),
    watchCaches: cacheReads.watch,
    print: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
