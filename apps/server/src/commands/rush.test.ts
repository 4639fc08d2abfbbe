import { access, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentProgress } from '../progress.ts';
import { readSettings } from '../settings.ts';
import { rushCommand } from './rush.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-rush-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(options: Record<string, string>) {
  const printed: string[] = [];
  const settings = readSettings({ DATA_DIR: path.join(folder, 'data') });
  const print = (text: string) => void printed.push(text);
  const code = await rushCommand.run({ settings, progress: silentProgress, options, print });
  return { code, text: printed.join('\n') };
}

/** Something that answers, for as long as a test takes. */
async function answering(status: number, headers: Record<string, string>) {
  const server = createServer((_request, reply) => void reply.writeHead(status, headers).end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const isThere = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

test('where no server answers, one sentence says how to start one, and nothing is set up', async () => {
  // Nothing listens on the port of discard, and nobody may take it without being root.
  const { code, text } = await run({ url: 'http://127.0.0.1:9/' });
  expect(text).toBe(
    'No server answers at http://127.0.0.1:9: start one with pnpm start, and let them race in another terminal.',
  );
  expect(code).toBe(1);
  expect(await isThere(path.join(folder, 'data'))).toBe(false);
});

test('what is not Evently, or is not well, is not raced against', async () => {
  await using stranger = await answering(200, {});
  await using patient = await answering(503, { 'x-request-id': 'r1' });
  expect(await run({ url: stranger.url })).toMatchObject({ code: 1, text: expect.stringContaining('is not Evently') });
  expect(await run({ url: patient.url })).toMatchObject({ code: 1, text: expect.stringContaining('not healthy') });
});

test('a server without data in DATA_DIR has its data elsewhere, and no folder is made to find that out', async () => {
  await using elsewhere = await answering(200, { 'x-request-id': 'r1' });
  const { code, text } = await run({ url: elsewhere.url });
  expect([code, text]).toEqual([1, expect.stringContaining('has its data elsewhere')]);
  expect(await isThere(path.join(folder, 'data'))).toBe(false);
});

test('options that do not fit are named, each in a line', async () => {
  const { code, text } = await run({ buyers: '0', url: 'localhost:3000' });
  expect(code).toBe(2);
  expect(text.split('\n')).toEqual([expect.stringContaining('--buyers'), expect.stringContaining('--url')]);
});
