import { isIPv4, isIPv6 } from 'node:net';

/** Whose calls are counted together: those of a user, wherever they come from. */
export const userKey = (userId: string): string => `u:${userId}`;

/**
 * Whose calls are counted together when nobody signed in: those of an IPv4 address, or of an IPv6 network (/64), which is the
 * least that one household or one rented machine has. What a proxy passed on that is no address counts as one caller.
 */
export function addressKey(address: string): string {
  // Most are plain IPv4.
  if (isIPv4(address)) return `a:${address}`;
  // Some proxies add the port, and link-local addresses have a zone.
  const bare = /^\[(.*)\](?::\d+)?$/.exec(address)?.[1] ?? address.replace(/^([\d.]+):\d+$/, '$1');
  const [ip = ''] = bare.split('%');
  if (isIPv4(ip)) return `a:${ip}`;
  if (!isIPv6(ip)) return 'a:unknown';
  const groups = groupsOf(ip);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return `a:${dotted(groups[6] ?? 0, groups[7] ?? 0)}`;
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `a:${network.join(':')}::/64`;
}

/** The eight groups of an IPv6 address, however it is written. */
function groupsOf(ip: string): number[] {
  const [head = '', tail] = ip.split('::');
  const before = parseGroups(head);
  if (tail === undefined) return before;
  const after = parseGroups(tail);
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function parseGroups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

const dotted = (high: number, low: number) => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
