import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { expect, test } from 'vitest';
import { closeApp } from './close-app.ts';

/** Longer than any test here lasts when all is well. */
const PATIENCE_MS = 60_000;

/** A server with one request under way, of which the head and half of the body are sent; its connection would stay open. */
async function startAnswering() {
  const app: FastifyInstance = Fastify({ forceCloseConnections: 'idle' });
  const begun = Promise.withResolvers<ServerResponse>();
  app.get('/', (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-length': 10 });
    reply.raw.write('first');
    begun.resolve(reply.raw);
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = connect(port, '127.0.0.1');
  client.on('error', () => undefined);
  let heard = '';
  client.on('data', (chunk) => {
    heard += chunk.toString();
  });
  client.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const response = await begun.promise;
  const warnings: string[] = [];
  const log = { warn: (_facts: object, message: string) => void warnings.push(message) };
  return { app, port, client, response, heard: () => heard, warnings, log, hungUp: once(client, 'close') };
}

test('an answer that was begun is finished, and its connection is not waited for', async () => {
  const { app, response, heard, warnings, log, hungUp } = await startAnswering();
  const closed = closeApp(app, PATIENCE_MS, log);
  // When it has hung up on whoever was idle, this one was not.
  while (app.server.listening) await sleep(1);
  response.end('again');
  await closed;
  await hungUp;
  expect(heard()).toMatch(/\r\n\r\nfirstagain$/);
  expect(warnings).toEqual([]);
});

test('nothing new is taken in meanwhile', async () => {
  const { app, port, response, log } = await startAnswering();
  const closed = closeApp(app, PATIENCE_MS, log);
  const [error] = await once(connect(port, '127.0.0.1'), 'error');
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  response.end('again');
  await closed;
});

test('patience has an end: then it hangs up, and says so', async () => {
  const { app, heard, warnings, log, hungUp } = await startAnswering();
  await closeApp(app, 20, log);
  await hungUp;
  expect(heard()).toMatch(/\r\n\r\nfirst$/);
  expect(warnings).toEqual(['some requests took longer than 0.02 s; their connections are closed']);
});
