/** Requests that are wrong in one way each, over REST and over tRPC, made from a procedure's valid input. Pure. */
import type { ProcedureInfo } from '@evently/api/procedures';
import { badValues, ofAnotherForm } from './bad-values.ts';
import { besidesPath, JSON_TYPE, restPath, type WireRequest } from './matrix-calls.ts';
import type { Input } from './matrix-world.ts';
import { inputFields, type JsonSchema, pathFields, toJsonSchema } from './rest/schemas.ts';

export interface BadRequest {
  what: string;
  transport: 'REST' | 'tRPC';
  request: WireRequest;
  /** What it is refused with. */
  status: number;
  /** The field that every issue names; null where no single field is at fault. */
  field: string | null;
}

/** A request that looks as bad as the others and is none. */
export interface OddRequest {
  why: string;
  request: WireRequest;
}

const USUAL_BODY_LIMIT = 64 * 1024;
// The largest bound on text is 20,000 letters; a URL, with all other headers, may have 16 KiB.
const IN_BODY = { textLength: 30_000, depth: 10_000 };
const IN_URL = { textLength: 5000, depth: 400 };

const encoder = new TextEncoder();

/** Every bad request there is for a procedure. */
export function badRequests(procedure: ProcedureInfo, input: Input): BadRequest[] {
  // REST has no place for it.
  if (procedure.type === 'subscription') return badTrpcQueries(procedure, input);
  return procedure.type === 'query'
    ? [...badPaths(procedure, input), ...badQueries(procedure, input), ...badTrpcQueries(procedure, input)]
    : [...badPaths(procedure, input), ...badRestBodies(procedure, input), ...badTrpcBodies(procedure, input)];
}

/** What of these looks bad but is accepted, each with its reason. */
export function oddRequests(procedure: ProcedureInfo, input: Input): OddRequest[] {
  if (procedure.type === 'query') return [];
  const method = procedure.meta.openapi?.method ?? '';
  const path = restPath(procedure, input);
  if (requiredBesidesPath(procedure).length > 0) return [];
  return [
    { why: 'all that it needs stands in the path', request: { method, path } },
    { why: 'an empty body is none', request: { method, path, headers: JSON_TYPE, body: '' } },
    {
      why: 'an object without fields says as much as no body',
      request: { method, path, headers: JSON_TYPE, body: '{}' },
    },
  ];
}

function requiredBesidesPath(procedure: ProcedureInfo): string[] {
  const inPath = pathFields(procedure.meta.openapi?.path ?? '');
  return [...inputFields(procedure).required].filter((name) => !inPath.includes(name));
}

function badRestBodies(procedure: ProcedureInfo, input: Input): BadRequest[] {
  const method = procedure.meta.openapi?.method ?? '';
  const path = restPath(procedure, input);
  const body = besidesPath(procedure, input);
  const { fields } = inputFields(procedure);
  const schema: JsonSchema = {
    type: 'object',
    properties: besidesPath(procedure, fields) as Record<string, JsonSchema>,
    required: requiredBesidesPath(procedure),
  };
  const refused = refusal('REST');
  const values = badValues(schema, body, IN_BODY).map(({ what, json, field }) =>
    refused(what, { method, path, headers: JSON_TYPE, body: json }, 400, field),
  );
  const inPath = pathFields(procedure.meta.openapi?.path ?? '').map((name) => {
    const twice = JSON.stringify({ ...body, [name]: input[name] });
    return refused(`${name} in the body, too`, { method, path, headers: JSON_TYPE, body: twice }, 400, name);
  });
  const query = refused('a query string', { ...jsonRequest(method, `${path}?nonsense=1`, body) }, 400, 'nonsense');
  return [...values, ...inPath, query, ...badBodies(procedure, method, path, body, refused)];
}

function badTrpcBodies(procedure: ProcedureInfo, input: Input): BadRequest[] {
  const path = `/trpc/${procedure.path}`;
  const refused = refusal('tRPC');
  const schema = toJsonSchema(procedure.input, 'input');
  return [
    ...badValues(schema, input, IN_BODY).map(({ what, json, field }) =>
      refused(what, { method: 'POST', path, headers: JSON_TYPE, body: json }, 400, field),
    ),
    ...badBodies(procedure, 'POST', path, input, refused),
    refused('a GET', { method: 'GET', path: `${path}?input=${encodeURIComponent(JSON.stringify(input))}` }, 404, null),
  ];
}

type Refusal = (what: string, request: WireRequest, status: number, field: string | null) => BadRequest;

const refusal =
  (transport: BadRequest['transport']): Refusal =>
  (what, request, status, field) => ({ what, transport, request, status, field });

const jsonRequest = (method: string, path: string, body: Input): WireRequest =>
  Object.keys(body).length === 0 ? { method, path } : { method, path, headers: JSON_TYPE, body: JSON.stringify(body) };

const queryRequest = (path: string, query: Input): WireRequest => {
  const fields = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return { method: 'GET', path: fields.size === 0 ? path : `${path}?${fields}` };
};

/** Bodies that are no JSON, not said to be, or too large; the same for both transports. */
function badBodies(
  procedure: ProcedureInfo,
  method: string,
  path: string,
  body: Input,
  refused: Refusal,
): BadRequest[] {
  const json = JSON.stringify(body);
  const send = (what: string, status: number, sent: string | Uint8Array<ArrayBuffer>, headers = JSON_TYPE as object) =>
    refused(what, { method, path, headers: { ...headers }, body: sent }, status, null);
  const broken = ['{', '{"a":}', `${json}x`, 'nonsense', 'NaN', "{'a':1}", ' '];
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'application/jsonp', 'nonsense'];
  const multipart = '--x\r\ncontent-disposition: form-data; name="name"\r\n\r\nOdeon\r\n--x--\r\n';
  const limit = procedure.meta.bodyLimit ?? USUAL_BODY_LIMIT;
  const isOptional = procedure.input.safeParse(undefined).success || !path.startsWith('/trpc');
  return [
    ...broken.map((text) => send(`the body ${text.slice(0, 12)} …`, 400, text)),
    ...(isOptional && requiredBesidesPath(procedure).length === 0 ? [] : [send('an empty body', 400, '')]),
    ...withBytes(body, [0xff, 0xfe]).map((bytes) => send('bytes that are not UTF-8', 400, bytes)),
    ...withBytes(body, [0xed, 0xa0, 0x80]).map((bytes) => send('half a surrogate pair as bytes', 400, bytes)),
    send('UTF-16', 400, Uint8Array.from(Buffer.from(json, 'utf16le'))),
    ...types.map((type) => send(`JSON as ${type}`, 415, json, { 'content-type': type })),
    send('an empty form', 415, '', { 'content-type': 'application/x-www-form-urlencoded' }),
    send('a multipart form', 415, multipart, { 'content-type': 'multipart/form-data; boundary=x' }),
    send('an empty multipart form', 415, '', { 'content-type': 'multipart/form-data; boundary=x' }),
    send('no content type', 415, json, {}),
    send('a body a byte too large', 413, json.padEnd(limit + 1)),
  ];
}

/** The body as JSON, with these bytes at the end of one of its texts; of each, one at a time. */
function withBytes(body: Input, bytes: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const texts = Object.entries(body).filter(([, value]) => typeof value === 'string');
  const inTexts = texts.length > 0 ? texts : [['name', '']];
  return inTexts.map(([name = '', value]) => {
    const [before = '', after = ''] = JSON.stringify({ ...body, [String(name)]: `${value}@here` }).split('@here');
    return Uint8Array.of(...encoder.encode(before), ...bytes, ...encoder.encode(after));
  });
}

/** Path parameters that are no ids; in every one of them, one at a time. */
function badPaths(procedure: ProcedureInfo, input: Input): BadRequest[] {
  const { method = 'GET', path: template = '' } = procedure.meta.openapi ?? {};
  const refused = refusal('REST');
  const body = besidesPath(procedure, input);
  return pathFields(template).flatMap((name) => {
    const id = String(input[name]);
    const at = (raw: string): WireRequest => {
      const path = restPath(procedure, { ...input, [name]: '@' }).replace('%40', () => raw);
      return procedure.type === 'query' ? queryRequest(path, body) : jsonRequest(method, path, body);
    };
    const values = [
      'nonsense',
      `${id}0`,
      id.slice(1),
      `{${id}}`,
      id.replaceAll('-', ''),
      '1',
      'null',
      '__proto__',
      '%00',
    ];
    const more = [`${id}%00`, `${id}%0A`, '%20', '%F0%9F%8E%AB', "'%20OR%201=1--", '..%2F..%2Fx', `${id},${id}`];
    return [
      ...[...values, ...more].map((raw) => refused(`the path field ${name} as ${raw}`, at(raw), 400, name)),
      refused(`the path field ${name} of invalid UTF-8`, at('%ff'), 400, null),
      refused(`the path field ${name} with a broken escape`, at(`${id}%zz`), 400, null),
      refused(`the path field ${name} of 6000 letters`, at('x'.repeat(6000)), 400, null),
    ];
  });
}

function badQueries(procedure: ProcedureInfo, input: Input): BadRequest[] {
  const refused = refusal('REST');
  const path = restPath(procedure, input);
  const inQuery = besidesPath(procedure, input);
  const fields = besidesPath(procedure, inputFields(procedure).fields) as Record<string, JsonSchema>;
  const send = (what: string, raw: string, field: string | null, without = '') => {
    const kept = Object.entries(inQuery).filter(([name]) => name !== without);
    const query = new URLSearchParams(kept.map(([name, value]) => [name, String(value)]));
    return refused(what, { method: 'GET', path: `${path}?${query}${kept.length > 0 ? '&' : ''}${raw}` }, 400, field);
  };
  const names = [
    'nonsense',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    ...pathFields(procedure.meta.openapi?.path ?? ''),
  ];
  return [
    ...names.map((name) => send(`${name} in the query string`, `${name}=1`, name)),
    send('__proto__[a] in the query string', '__proto__[a]=1', '__proto__[a]'),
    ...Object.entries(fields).flatMap(([name, schema]) => {
      const value = encodeURIComponent(String(inQuery[name] ?? '1'));
      const bad: [string, string, string | null][] = [
        ['twice', `${name}=${value}&${name}=${value}`, name],
        ['as a list', `${name}[]=${value}`, `${name}[]`],
        ['as an object', `${name}[a]=${value}`, `${name}[a]`],
        ['with a broken escape', `${name}=%zz`, null],
        ['of invalid UTF-8', `${name}=%ff`, null],
        ['of half a surrogate pair', `${name}=%ED%A0%80`, null],
        ...badQueryValues(schema).map((raw): [string, string, string] => [
          `as ${raw.slice(0, 30)}`,
          `${name}=${raw}`,
          name,
        ]),
      ];
      // What is named in another way stands beside the field, which may be required.
      const isOther = (field: string | null) => field !== null && field !== name;
      return bad.map(([what, raw, field]) => send(`${name} ${what}`, raw, field, isOther(field) ? '' : name));
    }),
  ];
}

function badQueryValues(schema: JsonSchema): string[] {
  const { type } = schema;
  if (type === 'integer')
    return ['', 'nonsense', '1e999', '1e1', '0x10', '-1', '1.5', '1,5', '9'.repeat(16), '9'.repeat(40), 'NaN', '%00'];
  if (type === 'boolean') return ['', 'nonsense', '1', 'TRUE', '%00'];
  const texts = ['a%00b', 'x'.repeat(IN_URL.textLength)];
  return [...texts, ...ofAnotherForm(schema).map(encodeURIComponent)];
}

function badTrpcQueries(procedure: ProcedureInfo, input: Input): BadRequest[] {
  const refused = refusal('tRPC');
  const path = `/trpc/${procedure.path}`;
  const get = (what: string, query: string, field: string | null = null) =>
    refused(what, { method: 'GET', path: `${path}${query}` }, 400, field);
  const json = JSON.stringify(input);
  const isOptional = procedure.input.safeParse(undefined).success;
  return [
    ...badValues(toJsonSchema(procedure.input, 'input'), input, IN_URL).map(({ what, json: bad, field }) =>
      get(what, `?input=${encodeURIComponent(bad)}`, field),
    ),
    ...['{', 'nonsense', 'NaN', '%00', `${encodeURIComponent(json)}x`].map((raw) =>
      get(`the input ${raw.slice(0, 12)} …`, `?input=${raw}`),
    ),
    ...(isOptional ? [] : [get('no input', ''), get('an empty input', '?input=')]),
    get('an input of invalid UTF-8', `?input=${encodeURIComponent('{"q":"')}%ff${encodeURIComponent('"}')}`),
    refused('a POST', { method: 'POST', path, headers: JSON_TYPE, body: json }, 404, null),
  ];
}
