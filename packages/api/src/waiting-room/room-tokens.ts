import { jwtVerify, SignJWT } from 'jose';
import { deriveKey } from '../secret.ts';

/** Whom a token is for: it is worth nothing to anybody else, or at another show. */
export interface Bearer {
  userId: string;
  showId: string;
}

/** What people carry of a waiting room: their place in the line, and their admission. */
export interface RoomTokens {
  signPlace(bearer: Bearer, place: number, now: number): Promise<string>;
  /** 0 when the token is not good: forged, expired, somebody else's, another show's. */
  readPlace(bearer: Bearer, token: string, now: number): Promise<number>;
  /** @param until when the admission ends, which names it */
  signAdmission(bearer: Bearer, until: number): Promise<string>;
  /** 0 when the token is not good. Whether the admission still lasts, the room knows. */
  readAdmission(bearer: Bearer, token: string, now: number): Promise<number>;
}

/** Whoever was away for longer has given up; with each answer there is a new one. */
const PLACE_LIFE_MS = 30 * 60_000;
/** The clock of Redis, by which admissions end, and ours may differ by so much. */
const CLOCK_TOLERANCE = '5 s';
const ALGORITHM = 'HS256';

export function createRoomTokens(secret: string): RoomTokens {
  const placeKey = deriveKey(secret, 'waiting-room/place');
  const admissionKey = deriveKey(secret, 'waiting-room/admission');
  return {
    signPlace: (bearer, place, now) => sign(placeKey, bearer, place, now + PLACE_LIFE_MS),
    readPlace: (bearer, token, now) => read(placeKey, bearer, token, now),
    signAdmission: (bearer, until) => sign(admissionKey, bearer, until, until),
    readAdmission: (bearer, token, now) => read(admissionKey, bearer, token, now),
  };
}

function sign(key: Uint8Array, { userId, showId }: Bearer, value: number, endsAt: number): Promise<string> {
  return new SignJWT({ value })
    .setProtectedHeader({ alg: ALGORITHM })
    .setSubject(userId)
    .setAudience(showId)
    .setExpirationTime(Math.ceil(endsAt / 1000))
    .sign(key);
}

async function read(key: Uint8Array, bearer: Bearer, token: string, now: number): Promise<number> {
  const { userId: subject, showId: audience } = bearer;
  const currentDate = new Date(now);
  const options = { algorithms: [ALGORITHM], subject, audience, currentDate, clockTolerance: CLOCK_TOLERANCE };
  try {
    const { payload } = await jwtVerify<{ value?: unknown }>(token, key, { ...options, requiredClaims: ['exp'] });
    return typeof payload.value === 'number' && Number.isSafeInteger(payload.value) ? payload.value : 0;
  } catch {
    return 0;
  }
}
