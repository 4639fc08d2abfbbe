import net, { type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type OpenLoopSettings, runOpenLoop } from './open-loop.ts';

const servers: net.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const answer = (status: number, body: string) =>
  `HTTP/1.1 ${status} OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** A server that does with each request, which comes in one piece, what it is told to. */
async function serve(onRequest: (socket: Socket, request: string) => void): Promise<OpenLoopSettings> {
  const server = net.createServer((socket) => {
    socket.on('data', (piece: Buffer) => onRequest(socket, piece.toString()));
    socket.on('error', () => socket.destroy());
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('there is no port');
  return {
    ...{ host: '127.0.0.1', port: address.port, perSecond: 500, seconds: 0.2, seed: 1 },
    ...{ maxConnections: 50, patienceMs: 200 },
    visitOf: (arrival) => ({
      request: `request ${arrival}`,
      judge: ({ status, body }) => {
        if (status === 200) return body.startsWith('next') ? { next: body, afterMs: 1 } : 'done';
        if (status === 503) return { refused: body };
        throw new Error(`it said ${status}`);
      },
    }),
  };
}

test('everybody who arrives by the schedule is sent once and counted by what came of it', async () => {
  const requests: string[] = [];
  const settings = await serve((socket, request) => {
    requests.push(request);
    socket.write(requests.length % 4 === 0 ? answer(503, 'overloaded') : answer(200, 'yes'));
  });
  const report = await runOpenLoop(settings);
  expect(report.failures).toEqual([]);
  expect(report.arrived).toBeGreaterThan(50);
  expect(new Set(requests).size).toBe(report.arrived);
  expect(report.done + (report.refused.overloaded ?? 0)).toBe(report.arrived);
  expect(report.refused.overloaded).toBe(Math.floor(report.arrived / 4));
  expect(report.windows.reduce((sum, { arrived }) => sum + arrived, 0)).toBe(report.arrived);
  expect([report.latency, report.refusalLatency, report.lateness]).not.toContain(null);
});

test('who arrives waits for nobody: without a free connection they are not sent, and what never comes is a fault', async () => {
  const report = await runOpenLoop({ ...(await serve(() => undefined)), maxConnections: 5 });
  expect(report.connections).toBe(5);
  expect(report.unsent).toBe(report.arrived - 5);
  expect(report.done).toBe(0);
  expect(report.failures).toEqual(['5 answers did not come within 0.2 s']);
});

test('whoever is not done with one request sends the next one on the same connection, and counts once', async () => {
  const sockets = new Map<string, Socket>();
  const settings = await serve((socket, request) => {
    const id = request.replace(/^\D+/, '');
    if (request.startsWith('next') && sockets.get(id) === socket) socket.write(answer(200, 'yes'));
    else socket.write(answer(200, `next ${id}`));
    sockets.set(id, socket);
  });
  const report = await runOpenLoop(settings);
  expect(report.failures).toEqual([]);
  expect([report.done, sockets.size]).toEqual([report.arrived, report.arrived]);
});

test('the latency counts from the time of arrival by schedule, however late the answer is', async () => {
  const settings = await serve((socket) => setTimeout(() => socket.write(answer(200, 'yes')), 60));
  const { latency, doneInTime, done } = await runOpenLoop({ ...settings, perSecond: 100 });
  expect(latency?.p50).toBeGreaterThanOrEqual(59);
  expect(doneInTime).toBeLessThan(done);
});

test('an answer that is no answer, one that must not be, and a connection that ends are faults', async () => {
  const hangUp = await serve((socket) => socket.destroy());
  expect((await runOpenLoop({ ...hangUp, perSecond: 50 })).failures[0]).toMatch('no answer came');
  const babble = await serve((socket) => socket.write('hello\r\n\r\n'));
  expect((await runOpenLoop({ ...babble, perSecond: 50 })).failures[0]).toMatch('does not begin like one');
  const wrong = await serve((socket) => socket.write(answer(500, 'no')));
  expect((await runOpenLoop({ ...wrong, perSecond: 50 })).failures[0]).toBe('it said 500');
});
