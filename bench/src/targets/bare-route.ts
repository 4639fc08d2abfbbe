/** What any JSON server here costs at least: Fastify with one POST route that reads JSON and answers JSON. */
import Fastify from 'fastify';

const app = Fastify();
app.post('/trpc/:procedure', async () => ({ result: { data: { json: {} } } }));
process.on('SIGTERM', () => process.exit(0));
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.({ port: Number(new URL(url).port) });
