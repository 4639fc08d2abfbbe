import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { HistoryEntry } from '../inventory.ts';

/** What the first entry of a booking names as its predecessor. */
export const GENESIS_HASH = '0'.repeat(64);

/**
 * The hash that chains a booking's history: SHA-256 over the entry as canonical JSON (RFC 8785), its predecessor's hash
 * included, times as ISO milliseconds. Whoever changes a row breaks every hash after it.
 */
export function hashEntry(entry: Omit<HistoryEntry, 'hash'>): string {
  const { bookingId, seq, type, actor, at, data, previousHash } = entry;
  const json = canonicalize({ bookingId, seq, type, actor, at: at.toISOString(), data, previousHash });
  return hash('sha256', json ?? '', 'hex');
}
