/**
 * What the generator can do at most: a socket that gives every request the same answer without reading it. The generator
 * sends a request in one piece and waits for its answer, so a piece is a request.
 */
import { createServer } from 'node:net';

const body = '{"result":{"data":{"json":{}}}}';
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\n` +
    `Connection: keep-alive\r\nKeep-Alive: timeout=72\r\n\r\n${body}`,
);
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', () => socket.write(answer));
  socket.on('error', () => socket.destroy());
});
process.on('SIGTERM', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address) process.send?.({ port: address.port });
});
