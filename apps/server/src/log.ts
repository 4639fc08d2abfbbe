import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';

/** Where secrets travel. What is logged by mistake is blanked; nothing is ever logged on purpose that has these. */
const SECRETS = ['authorization', '["x-api-key"]', 'password', 'current', 'next', 'token', 'password_hash'];
const PLACES = ['', '*.', '*.*.', '*.*.*.'];
const REDACTED = PLACES.flatMap((place) =>
  SECRETS.map((name) => (name.startsWith('[') ? `${place.replace(/\.$/, '')}${name}` : `${place}${name}`)),
);

/** JSON lines; in a terminal, lines for people. */
export function createLog(level: string, isTerminal: boolean): Logger {
  const options = {
    level,
    base: null,
    redact: { paths: REDACTED, censor: '[secret]' },
  };
  if (!isTerminal) return pino(options);
  return pino(options, pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname', sync: true }));
}
