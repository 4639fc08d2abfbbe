import { listProcedures, type ProcedureInfo } from '@evently/api/procedures';
import { newKey } from '@evently/api/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BadRequest, badRequests, oddRequests } from './bad-requests.ts';
import {
  JSON_TYPE,
  mapAtMost,
  type Reply,
  readProblem,
  restRequest,
  send,
  talk,
  trpcRequest,
  type WireRequest,
} from './matrix-calls.ts';
import { matrixRows } from './matrix-rows.ts';
import { createWorld, type Input, PASSWORD, type Person, type World } from './matrix-world.ts';

const AT_ONCE = 16;
let world: World;

beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** An admin, who owns what the input names: permission is never what refuses. */
async function prepare({ path }: ProcedureInfo): Promise<{ caller: Person; input: Input }> {
  const row = matrixRows[path];
  if (!row) throw new Error(`${path} has no row in matrix-rows.ts`);
  const caller = await world.person('admin');
  return { caller, input: await row.input(world, caller) };
}

/** What is wrong with the answer to a bad request; null when it is refused as it must be. */
async function judge({ what, transport, request, status, field }: BadRequest, token: string): Promise<string | null> {
  const asked = `${transport} ${what}`;
  const reply = await send(world.server.url, request, token).catch((error: Error) => error);
  if (reply instanceof Error) return `${asked}: no answer, ${reply.message}: ${String(reply.cause)}`;
  const problem = readProblem(reply, transport);
  if (typeof problem === 'string') return `${asked}: ${problem}`;
  const said = `${reply.status} ${problem.code}: ${problem.detail.slice(0, 300)}`;
  const code = status === 404 ? 'not_found' : 'invalid_input';
  if (reply.status !== status || problem.code !== code) return `${asked}: expected ${status} ${code}, was ${said}`;
  const named = problem.issues?.map((issue) => issue.path) ?? [];
  // A list that is wrong because of one of its items may be named beside it, but never something else; a list in a query
  // string is named by its item.
  const isItem = (path: string) => field !== null && path.startsWith(`${field}.`);
  const isAboutField = (path: string) => path === field || (field ?? '').startsWith(`${path}.`) || isItem(path);
  if (field !== null && !(named.some((path) => path === field || isItem(path)) && named.every(isAboutField))) {
    return `${asked}: expected an issue at ${field}, was ${said}`;
  }
  return null;
}

const byPath = listProcedures().map((procedure) => [procedure.path, procedure] as const);

describe('bad input is refused with a problem that names its field, and changes nothing:', () => {
  test.each(byPath)('%s', async (_path, procedure) => {
    const { caller, input } = await prepare(procedure);
    const requests = badRequests(procedure, input);
    expect(requests.length).toBeGreaterThan(20);
    const before = await world.fingerprint();
    const verdicts = await mapAtMost(AT_ONCE, requests, (request) => judge(request, caller.token));
    expect(verdicts.filter((verdict) => verdict !== null)).toEqual([]);
    expect(await world.fingerprint(), 'bad input changed something').toEqual(before);
    // The input that they were all made from is a good one: what was refused is what was bad about them.
    const reply = await send(world.server.url, restRequest(procedure, input), caller.token);
    expect(reply.status, reply.text).toBe(procedure.meta.openapi?.status ?? 200);
  });
});

describe('what only looks bad is accepted:', () => {
  test.each(byPath)('%s', async (_path, procedure) => {
    const accept = async (why: string, make: (input: Input) => WireRequest) => {
      const { caller, input } = await prepare(procedure);
      const reply = await send(world.server.url, make(input), caller.token);
      expect(reply.status, `${why}: ${reply.text}`).toBeLessThan(300);
    };
    await accept('the input over tRPC', (input) => trpcRequest(procedure, JSON.stringify(input)));
    const odd = oddRequests(procedure, (await prepare(procedure)).input);
    for (const [index, { why }] of odd.entries()) {
      await accept(why, (input) => oddRequests(procedure, input)[index]!.request);
    }
  });
});

test('the cases cover every kind of bad input', async () => {
  const hold = listProcedures().find(({ path }) => path === 'bookings.hold')!;
  const events = listProcedures().find(({ path }) => path === 'events.list')!;
  const release = listProcedures().find(({ path }) => path === 'bookings.release')!;
  const casesOf = async (procedure: ProcedureInfo) =>
    badRequests(procedure, (await prepare(procedure)).input).map(({ transport, what }) => `${transport} ${what}`);
  for (const transport of ['REST', 'tRPC']) {
    const kinds = [
      'the type number in showId',
      'showId missing',
      'the field nonsense in the input',
      '10000 objects as the input',
    ];
    kinds.push(
      'the type string in sections.0.quantity',
      'sections.0.quantity missing',
      'the field nonsense in sections.0',
    );
    kinds.push(
      'text of 30000 letters in specialRequests',
      'U+0000 in specialRequests',
      'half a surrogate pair in seatIds.0',
    );
    kinds.push(
      '__proto__ in the input',
      '__proto__ in metadata',
      'the field constructor in the input',
      'null as the input',
    );
    kinds.push('1e999 in sections.0.quantity', '-1 in sections.0.quantity', 'a fraction in sections.0.quantity');
    kinds.push(
      'bytes that are not UTF-8',
      'an empty body',
      'a body a byte too large',
      'a multipart form',
      'no content type',
    );
    expect(await casesOf(hold)).toEqual(expect.arrayContaining(kinds.map((kind) => `${transport} ${kind}`)));
  }
  expect(await casesOf(events)).toEqual(
    expect.arrayContaining([
      'REST limit twice',
      'REST q as an object',
      'REST q as a%00b',
      'REST limit as 1e999',
      'tRPC U+0000 in q',
    ]),
  );
  expect(await casesOf(release)).toContain('REST the path field bookingId as nonsense');
});

test('an answer is taken for a problem only if it is one to the letter', () => {
  const body = { type: 'urn:evently:problem:not_found', code: 'not_found', status: 404, title: 'No', detail: 'No.' };
  const whole = { ...body, retryable: false, requestId: 'r1' };
  const reply = (changes: Partial<Reply> = {}, json: object = whole): Reply => ({
    status: 404,
    type: 'application/problem+json; charset=utf-8',
    requestId: 'r1',
    text: JSON.stringify(json),
    ...changes,
  });
  expect(readProblem(reply(), 'REST')).toMatchObject({ code: 'not_found' });
  expect(readProblem(reply({ status: 200 }), 'REST')).toMatch(/^was accepted/);
  expect(readProblem(reply({ status: 500 }), 'REST')).toMatch(/^failed/);
  expect(readProblem(reply({ status: 400 }), 'REST')).toMatch(/^says another status/);
  expect(readProblem(reply({ type: 'application/json' }), 'REST')).toMatch(/^is not application\/problem\+json/);
  expect(readProblem(reply({ requestId: 'r2' }), 'REST')).toMatch(/^says another request id/);
  expect(readProblem(reply({}, body), 'REST')).toMatch(/^is no problem/);
  expect(readProblem(reply({ type: 'application/json' }), 'tRPC')).toMatch(/^is no problem/);
});

async function refusal(transport: 'REST' | 'tRPC', request: WireRequest, token: string | null = null) {
  const reply = await send(world.server.url, request, token);
  const problem = readProblem(reply, transport);
  return typeof problem === 'string' ? problem : `${problem.status} ${problem.code}`;
}

describe('batches of tRPC', () => {
  const batch = (paths: string[], inputs: Input): WireRequest => ({
    method: 'GET',
    path: `/trpc/${paths.join()}?batch=1&input=${encodeURIComponent(JSON.stringify(inputs))}`,
  });

  test('of three calls are answered, each for itself', async () => {
    const { showId } = world.show;
    const request = batch(['events.show', 'events.seatStates', 'auth'], { 0: { showId }, 1: { showId: 'nonsense' } });
    const reply = await send(world.server.url, request, null);
    const answers = JSON.parse(reply.text) as { result?: { data: { json: { id: string } } }; error?: object }[];
    expect(answers[0]?.result?.data.json.id).toBe(showId);
    expect(JSON.stringify(answers[1]?.error)).toContain('"path":"showId"');
    expect(JSON.stringify(answers[2]?.error)).toContain('not_found');
  });

  test('of more than ten calls are refused, ten are not', async () => {
    const inputs = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [index, {}]));
    expect((await send(world.server.url, batch(Array(10).fill('events.list'), inputs), null)).status).toBe(200);
    expect(await refusal('tRPC', batch(Array(11).fill('events.list'), inputs))).toBe('400 invalid_input');
  });

  test('with a call of auth beside others are refused, so that a request is one guess at a password', async () => {
    const { email } = await world.person();
    const guess = { email, password: PASSWORD };
    const body = JSON.stringify({ 0: guess, 1: guess });
    const before = await world.fingerprint();
    for (const paths of ['auth.login,auth.login', 'auth.login%2Cauth.login', 'auth%2Elogin,auth.register']) {
      const request = { method: 'POST', path: `/trpc/${paths}?batch=1`, headers: JSON_TYPE, body };
      expect(await refusal('tRPC', request), paths).toBe('400 invalid_input');
    }
    // Calls that are none are refused one by one.
    const odd = { method: 'POST', path: '/trpc/nonsense,auth.login?batch=1', headers: JSON_TYPE, body };
    const reply = await send(world.server.url, odd, null);
    expect(reply.text).not.toContain('"result"');
    expect(await world.fingerprint()).toEqual(before);
    const alone = { method: 'POST', path: '/trpc/auth.login?batch=1', headers: JSON_TYPE, body };
    expect((await send(world.server.url, alone, null)).status).toBe(200);
  });

  test.each(['{', '[]', 'null', '5', '%00'])('with the inputs %s are refused', async (inputs) => {
    const request = { method: 'GET', path: `/trpc/events.list,events.list?batch=1&input=${inputs}` };
    expect(await refusal('tRPC', request)).toBe('400 invalid_input');
  });
});

test('what is no procedure and no route is not found, over whatever method', async () => {
  for (const path of ['nonsense', 'events', 'events.__proto__', 'constructor', 'events/list', '', 'events.list.x']) {
    expect(await refusal('tRPC', { method: 'GET', path: `/trpc/${path}` }), path).toBe('404 not_found');
    expect(await refusal('tRPC', { method: 'DELETE', path: `/trpc/${path}` }), path).toBe('404 not_found');
  }
  expect((await send(world.server.url, { method: 'HEAD', path: '/trpc/events.list' }, null)).status).toBe(404);
  for (const path of ['/', '/api', '/api/v1/', '/api/v1/nonsense', '/api/v1/bookings/x/nonsense', '/api/v2/events']) {
    expect(await refusal('REST', { method: 'GET', path }), path).toBe('404 not_found');
  }
  const put = { method: 'PUT', path: '/api/v1/events', headers: JSON_TYPE, body: '{}' };
  expect(await refusal('REST', put)).toBe('404 not_found');
});

test('a mutation without input wants a JSON request over tRPC, as no other site can send', async () => {
  const { token } = await world.person();
  const path = '/trpc/auth.logout';
  expect(await refusal('tRPC', { method: 'POST', path }, token)).toBe('400 invalid_input');
  expect(await refusal('tRPC', { method: 'GET', path }, token)).toBe('404 not_found');
  const form = { method: 'POST', path, headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' };
  expect(await refusal('tRPC', form, token)).toBe('415 invalid_input');
  expect((await send(world.server.url, { method: 'GET', path: '/api/v1/auth/me' }, token)).status).toBe(200);
});

test('what is no HTTP, no UTF-8 or too large for a URL is refused as a problem, too', async () => {
  const long = { method: 'GET', path: `/api/v1/events?q=${'x'.repeat(20_000)}` };
  expect(await refusal('REST', long)).toBe('431 invalid_input');
  expect(await refusal('REST', { method: 'GET', path: '/api/v1/%ff' })).toBe('400 invalid_input');
  expect(await refusal('REST', { method: 'GET', path: '/health/live?%ff' })).toBe('400 invalid_input');
  expect(await refusal('tRPC', { method: 'GET', path: '/trpc/%ff' })).toBe('400 invalid_input');
  expect(await refusal('tRPC', { method: 'GET', path: '/trpc/events.list?input=%ff' })).toBe('400 invalid_input');
  expect(await refusal('tRPC', { method: 'GET', path: `/trpc/${'x'.repeat(6000)}` })).toBe('400 invalid_input');
  for (const bytes of ['nonsense\r\n\r\n', 'GET / HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n']) {
    const [head = '', body = ''] = (await talk(world.server.url, bytes, 'wait')).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
    expect(JSON.parse(body)).toMatchObject({ code: 'invalid_input', status: 400, retryable: false });
  }
});

test('a body of unknown length is read up to the limit and no further', async () => {
  const chunk = `2000\r\n${' '.repeat(0x2000)}\r\n`;
  const head = 'host: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
  for (const path of ['/api/v1/auth/login', '/trpc/auth.login']) {
    const answer = await talk(world.server.url, `POST ${path} HTTP/1.1\r\n${head}${chunk.repeat(9)}`, 'wait');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  }
});

test('the answer to thousands of faults is short', async () => {
  const body = JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`f${index}`, 1])));
  const reply = await send(
    world.server.url,
    { method: 'POST', path: '/api/v1/auth/login', headers: JSON_TYPE, body },
    null,
  );
  expect(reply.status).toBe(400);
  expect(reply.text.length).toBeLessThan(10_000);
});

describe('a caller who leaves', () => {
  const holding = () => ({
    showId: world.show.showId,
    sections: [{ sectionId: world.show.sectionIds[1]!, quantity: 1 }],
    idempotencyKey: newKey(),
  });
  const written = (token: string, body: string, length = body.length) =>
    `POST /api/v1/bookings/hold HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n` +
    `content-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;

  test('in the middle of a body has done nothing, and disturbs nobody', async () => {
    const { token } = await world.person();
    const body = JSON.stringify(holding());
    const before = await world.fingerprint();
    const halves = Array.from({ length: AT_ONCE }, (_, index) => body.slice(0, (index * body.length) / AT_ONCE));
    await Promise.all(halves.map((half) => talk(world.server.url, written(token, half, body.length), 'leave')));
    await Promise.all(halves.map((half) => talk(world.server.url, written(token, half, body.length), 'end')));
    expect(await world.fingerprint()).toEqual(before);
    expect((await send(world.server.url, { method: 'GET', path: '/api/v1/auth/me' }, token)).status).toBe(200);
  });

  test('before the answer finds, asking again, one hold and not two', async () => {
    const { id, token } = await world.person();
    const body = JSON.stringify(holding());
    await Promise.all(Array.from({ length: AT_ONCE }, () => talk(world.server.url, written(token, body), 'leave')));
    const request = { method: 'POST', path: '/api/v1/bookings/hold', headers: JSON_TYPE, body };
    const reply = await send(world.server.url, request, token);
    expect(reply.status, reply.text).toBe(201);
    const bookings = world.server.db.selectFrom('bookings').select('id').where('user_id', '=', id);
    expect(await bookings.execute()).toHaveLength(1);
  });
});
