import { isIP } from 'node:net';

/** Ranges that Fastify knows by name. */
const NAMED_RANGES: ReadonlySet<string> = new Set(['loopback', 'linklocal', 'uniquelocal']);

/**
 * Whether a part of TRUST_PROXY names proxies: an address, a CIDR range, or the name of a range. A range of all addresses
 * does not: whoever believes everybody lets every caller choose the address that limits go by.
 */
export function isTrustable(name: string): boolean {
  if (NAMED_RANGES.has(name)) return true;
  const [address = '', prefix, ...rest] = name.split('/');
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}
