import { listProcedures, listSubscriptions, type ProcedureInfo } from '@evently/api/procedures';
import { newId, shardOf } from '@evently/db/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  mapAtMost,
  type Reply,
  readProblem,
  restRequest,
  send,
  trpcRequest,
  type WireRequest,
} from './matrix-calls.ts';
import { type CallerKind, callerKinds, type MatrixRow, matrixRows } from './matrix-rows.ts';
import { createWorld, type Input, type Person, type World } from './matrix-world.ts';
import { pathFields, toJsonSchema } from './rest/schemas.ts';

const AT_ONCE = 8;
const STATUS: Record<string, number> = { unauthenticated: 401, forbidden: 403, not_found: 404 };
const TRANSPORTS = ['REST', 'tRPC'] as const;
type Transport = (typeof TRANSPORTS)[number];

const procedures = listProcedures();
let world: World;
let strangers: Record<'another user' | 'staff' | 'admin', Person>;

beforeAll(async () => {
  world = await createWorld();
  strangers = {
    'another user': await world.person(),
    staff: await world.person('staff'),
    admin: await world.person('admin'),
  };
});
afterAll(() => world[Symbol.asyncDispose]());

function rowOf({ path }: ProcedureInfo): MatrixRow {
  const row = matrixRows[path];
  if (!row) throw new Error(`${path} has no row in matrix-rows.ts`);
  return row;
}

function requestFor(procedure: ProcedureInfo, transport: Transport, input: Input): WireRequest {
  return transport === 'REST' ? restRequest(procedure, input) : trpcRequest(procedure, JSON.stringify(input));
}

/** One request of one kind of caller, ready to be sent. */
interface Cell {
  kind: CallerKind;
  transport: Transport;
  owner: Person;
  token: string | null;
  request: WireRequest;
}

/** Everybody signs in anew for each cell, since some procedures end sessions. */
async function prepareCell(procedure: ProcedureInfo, kind: CallerKind, transport: Transport): Promise<Cell> {
  const owner = await world.person();
  const request = requestFor(procedure, transport, await rowOf(procedure).input(world, owner));
  return { kind, transport, owner, request, token: await tokenOf(kind, owner) };
}

async function tokenOf(kind: CallerKind, owner: Person): Promise<string | null> {
  if (kind === 'nobody') return null;
  if (kind === 'owner') return owner.token;
  return (await world.person(kind === 'another user' ? 'user' : kind)).token;
}

const call = (cell: Cell) => send(world.server.url, cell.request, cell.token);

function outcomeOf(procedure: ProcedureInfo, transport: Transport, reply: Reply): string {
  const success = transport === 'REST' ? (procedure.meta.openapi?.status ?? 200) : 200;
  if (reply.status === success) return 'ok';
  const problem = readProblem(reply, transport);
  if (typeof problem === 'string') return problem;
  return problem.status === STATUS[problem.code]
    ? problem.code
    : `${problem.status} ${problem.code}: ${problem.detail}`;
}

/** What an answer says once the request's own id is taken out: two refusals must not differ in a byte of it. */
const anonymous = ({ status, type, text, requestId }: Reply) => ({
  status,
  type,
  text: requestId === null ? text : text.replaceAll(requestId, ''),
});

test('every procedure has a row in the matrix, and every row a procedure', () => {
  const paths = [...procedures, ...listSubscriptions()].map(({ path }) => path);
  expect({
    withoutRow: paths.filter((path) => !(path in matrixRows)),
    withoutProcedure: Object.keys(matrixRows).filter((path) => !paths.includes(path)),
  }).toEqual({ withoutRow: [], withoutProcedure: [] });
});

// Who knows the password is the owner, whoever asks.
const ANSWERS_ABOUT_THE_OWNER = new Set(['auth.login']);

describe('who may call what, over REST and tRPC:', () => {
  test.each(procedures.map((procedure) => [procedure.path, procedure] as const))('%s', async (path, procedure) => {
    const { outcomes } = rowOf(procedure);
    const kinds = callerKinds.flatMap((kind) => TRANSPORTS.map((transport) => [kind, transport] as const));
    const cells = await mapAtMost(AT_ONCE, kinds, ([kind, transport]) => prepareCell(procedure, kind, transport));
    const found: Record<string, string> = {};
    const callAll = (some: Cell[]) =>
      mapAtMost(AT_ONCE, some, async (cell) => {
        const reply = await call(cell);
        found[`${cell.kind} ${cell.transport}`] = outcomeOf(procedure, cell.transport, reply);
        const isStranger = cell.kind !== 'owner' && cell.kind !== 'admin';
        if (!isStranger || ANSWERS_ABOUT_THE_OWNER.has(path)) return;
        expect(reply.text, `${cell.kind} is told about the owner`).not.toContain(cell.owner.id);
        expect(reply.text, `${cell.kind} is told about the owner`).not.toContain(cell.owner.email);
      });
    const before = await world.fingerprint();
    await callAll(cells.filter((cell) => outcomes[cell.kind] !== 'ok'));
    expect(await world.fingerprint(), 'what was refused changed something').toEqual(before);
    await callAll(cells.filter((cell) => outcomes[cell.kind] === 'ok'));
    expect(found).toEqual(
      Object.fromEntries(kinds.map(([kind, transport]) => [`${kind} ${transport}`, outcomes[kind]])),
    );
  });
});

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Requests that are refused for more reasons than one: the input is nonsense, or what it names does not exist. */
function hopelessRequests(procedure: ProcedureInfo, input: Input): [Transport, WireRequest][] {
  const inPath = pathFields(procedure.meta.openapi?.path ?? '');
  const nonsense = { ...Object.fromEntries(inPath.map((name) => [name, 'nonsense'])), nonsense: 'a\0b' };
  const unknown = JSON.parse(JSON.stringify(input).replace(UUID, () => newId())) as Input;
  const unreadable = procedure.type === 'query' ? '{nonsense' : '[]';
  return [
    ...TRANSPORTS.flatMap((transport): [Transport, WireRequest][] => [
      [transport, requestFor(procedure, transport, nonsense)],
      [transport, requestFor(procedure, transport, unknown)],
    ]),
    ['tRPC', trpcRequest(procedure, unreadable)],
  ];
}

describe('who calls is checked before what is asked, and before whether it exists:', () => {
  const restricted = procedures.filter((procedure) =>
    callerKinds.some((kind) =>
      ['unauthenticated', 'forbidden'].includes(matrixRows[procedure.path]?.outcomes[kind] ?? ''),
    ),
  );
  test.each(restricted.map((procedure) => [procedure.path, procedure] as const))('%s', async (_path, procedure) => {
    const { input, outcomes } = rowOf(procedure);
    const owner = await world.person();
    const requests = hopelessRequests(procedure, await input(world, owner));
    for (const kind of callerKinds) {
      if (outcomes[kind] !== 'unauthenticated' && outcomes[kind] !== 'forbidden') continue;
      const token = await tokenOf(kind, owner);
      const found = await mapAtMost(AT_ONCE, requests, async ([transport, request]) => [
        `${kind}: ${request.method} ${request.path}`,
        outcomeOf(procedure, transport, await send(world.server.url, request, token)),
      ]);
      expect(found).toEqual(found.map(([what]) => [what, outcomes[kind]]));
    }
  });
});

test('a token that was never issued, has ended or has expired is nobody’s: the answer is the same, to the byte', async () => {
  const ended = await world.person();
  await world.server.services.sessions.end(ended.token);
  const expired = await world.person();
  const past = new Date(Date.now() - 1000);
  await world.server.db.updateTable('sessions').set({ expires_at: past }).where('user_id', '=', expired.id).execute();
  const madeUp = `eva_${'x'.repeat(43)}`;
  const closed = procedures.filter((procedure) => rowOf(procedure).outcomes.nobody !== 'ok');
  await mapAtMost(AT_ONCE, closed, async (procedure) => {
    const request = restRequest(procedure, await rowOf(procedure).input(world, await world.person()));
    const refused = anonymous(await send(world.server.url, request, null));
    expect(refused.status, procedure.path).toBe(401);
    for (const token of [ended.token, expired.token, madeUp, 'nonsense', `${ended.token}x`]) {
      expect(anonymous(await send(world.server.url, request, token)), `${procedure.path} with ${token}`).toEqual(
        refused,
      );
    }
  });
});

describe('what belongs to somebody else answers as what does not exist, to the byte:', () => {
  const owned = procedures.filter(({ path }) => matrixRows[path]?.owned !== undefined);
  test.each(owned.map((procedure) => [procedure.path, procedure] as const))('%s', async (_path, procedure) => {
    const { input, owned: field = '', outcomes } = rowOf(procedure);
    const owner = await world.person();
    const theirs = await input(world, owner);
    const id = String(theirs[field]);
    const unknown = [
      { ...theirs, [field]: newId(shardOf(id)) },
      { ...theirs, [field]: newId() },
    ];
    for (const transport of TRANSPORTS) {
      const ask = async (who: Person, asked: Input) =>
        anonymous(await send(world.server.url, requestFor(procedure, transport, asked), who.token));
      const gone = await ask(owner, unknown[0]!);
      expect(gone.status).toBe(404);
      expect(gone.text).toContain('"code":"not_found"');
      for (const [kind, stranger] of Object.entries(strangers)) {
        for (const asked of [theirs, ...unknown]) {
          expect(await ask(stranger, asked), `${kind} over ${transport}`).toEqual(gone);
        }
      }
    }
    expect(outcomes).toMatchObject({
      owner: 'ok',
      'another user': 'not_found',
      staff: 'not_found',
      admin: 'not_found',
    });
  });
});

/** What these name is everybody's to see, or is looked for only among what the owned field names. */
const PUBLIC_IDS = new Set(['eventId', 'showId', 'seatIds', 'sectionId', 'sectionIds', 'ticketIds']);

test('every id that a signed-in user may send names something public, or is marked as owned', () => {
  const unmarked = procedures.flatMap((procedure) => {
    const { outcomes, owned } = rowOf(procedure);
    if (outcomes.owner !== 'ok') return [];
    const names = JSON.stringify(toJsonSchema(procedure.input, 'input')).matchAll(/"(\w*Ids?)":\{/g);
    const ids = [...names].map((match) => match[1] ?? '').filter((name) => !PUBLIC_IDS.has(name) && name !== owned);
    return ids.map((name) => `${procedure.path} ${name}`);
  });
  expect(unmarked).toEqual([]);
});
