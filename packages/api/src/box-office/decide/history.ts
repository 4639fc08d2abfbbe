import { hash } from 'node:crypto';
import type { HistoryEntry } from '../inventory.ts';

/** What the first entry of a booking names as its predecessor. */
export const GENESIS_HASH = '0'.repeat(64);

/**
 * The hash that chains a booking's history: SHA-256 over the entry as canonical JSON (RFC 8785), its predecessor's hash
 * included, times as ISO milliseconds. Whoever changes a row breaks every hash after it.
 */
export function hashEntry(entry: Omit<HistoryEntry, 'hash'>): string {
  const { bookingId, seq, type, actor, at, data, previousHash } = entry;
  // In the order of their names, which with JSON's own way of writing strings and integers is the canonical form.
  const json = JSON.stringify({
    actor,
    at: at.toISOString(),
    bookingId,
    data: sortNames(data),
    previousHash,
    seq,
    type,
  });
  return hash('sha256', json, 'hex');
}

/** Names of ours are words: names that are numbers would come first, however they are sorted. */
function sortNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortNames);
  if (typeof value !== 'object' || value === null) return value;
  const sorted: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) sorted[name] = sortNames(value[name as keyof typeof value]);
  return sorted;
}
