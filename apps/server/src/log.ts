import pino, { type DestinationStream, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';

/** Names under which secrets travel. What is logged by mistake is blanked; nothing is ever logged on purpose that has these. */
const SECRETS = new Set([
  'authorization',
  'x-api-key',
  'cookie',
  'password',
  'password_hash',
  'passwordhash',
  'current',
  'next',
  'token',
  'queuetoken',
  'admissiontoken',
  'secret',
  // Of an error of Postgres: it quotes the row that was refused, with all that is in it.
  'detail',
]);
/** Deeper and longer than what is of use in a log. */
const MAX_DEPTH = 8;
const MAX_ENTRIES = 100;

/**
 * A copy of plain data, with the secrets blanked. Of anything else, such as a socket, or a buffer that holds a whole
 * request, only the kind is told. Pino's own redaction throws on those, and a log must never end the process.
 */
function withoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth > MAX_DEPTH) return '[more]';
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((entry) => withoutSecrets(entry, depth + 1));
  if (!(value instanceof Error || isPlain(value))) return `[${value.constructor?.name ?? 'object'}]`;
  const fields = Object.entries(value instanceof Error ? fieldsOf(value) : value).slice(0, MAX_ENTRIES);
  return Object.fromEntries(
    fields.map(([name, field]) => [
      name,
      SECRETS.has(name.toLowerCase()) ? '[secret]' : withoutSecrets(field, depth + 1),
    ]),
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function fieldsOf(error: Error): object {
  // Pino puts the messages and stacks of the causes beside the error's own.
  const { type, message, stack } = pino.stdSerializers.err(error);
  return { ...error, type, message, stack, ...(error instanceof AggregateError ? { errors: error.errors } : {}) };
}

/**
 * JSON lines; in a terminal, lines for people.
 *
 * @param out where to; standard output unless said otherwise
 */
export function createLog(level: string, isTerminal: boolean, out: DestinationStream = pino.destination(1)): Logger {
  const options = {
    level,
    base: null,
    formatters: { log: (facts: object) => withoutSecrets(facts) as Record<string, unknown> },
    serializers: { err: (error: unknown) => error },
  };
  if (!isTerminal) return pino(options, out);
  const toText = prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss' });
  return pino(options, { write: (line) => out.write(toText(line) ?? '') });
}
