/**
 * Loaded before the server's own main file, this takes down what the server says to Postgres, from the message `record` on;
 * the message `recorded` asks for it and ends that. Otherwise, pg is as it is.
 */
import pg from 'pg';

/** A statement as pg was given it, and on which connection. */
interface Recorded {
  connection: number;
  text: string;
  values: unknown[];
}

const { query } = pg.Client.prototype;
const connections = new WeakMap<object, number>();
let known = 0;
let recorded: Recorded[] = [];

function takeDown(this: pg.Client, ...args: unknown[]): unknown {
  const [statement, values] = args;
  const config = typeof statement === 'object' && statement !== null ? statement : { text: statement, values };
  const text = 'text' in config ? config.text : undefined;
  const given = 'values' in config ? config.values : undefined;
  if (!connections.has(this)) connections.set(this, known++);
  if (typeof text === 'string') {
    recorded.push({ connection: connections.get(this) ?? 0, text, values: Array.isArray(given) ? given : [] });
  }
  return Reflect.apply(query, this, args);
}

process.on('message', (message) => {
  if (message === 'record') {
    recorded = [];
    Object.assign(pg.Client.prototype, { query: takeDown });
    process.send?.('recording');
  }
  if (message === 'recorded') {
    Object.assign(pg.Client.prototype, { query });
    process.send?.(JSON.parse(JSON.stringify(recorded)));
  }
});
// The listener would keep the process alive by itself.
process.channel?.unref();
