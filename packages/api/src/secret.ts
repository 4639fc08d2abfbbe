import { hkdfSync } from 'node:crypto';

const KEY_BYTES = 32;

/**
 * A key of 256 bits for one purpose: what is signed for one is worth nothing for another.
 *
 * @param purpose as in `waiting-room/admission`
 */
export function deriveKey(secret: string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `evently/${purpose}`, KEY_BYTES));
}
