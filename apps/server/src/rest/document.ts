import { isDeepStrictEqual } from 'node:util';
import { problemKinds } from '@evently/api/problem';
import { listProcedures, type ProcedureInfo } from '@evently/api/procedures';
import { inputFields, type JsonSchema, pathFields, toJsonSchema } from './schemas.ts';

const DESCRIPTION = `The ticket office: events, shows, seats and bookings.

Send a session token as \`Authorization: Bearer <token>\`; \`POST /auth/register\` and \`POST /auth/login\` answer one.
Amounts are integers in minor units (cents), instants ISO 8601 in UTC. Lists answer \`items\` and \`nextCursor\`, which the
next request sends as \`cursor\`. Whatever goes wrong is \`application/problem+json\`; its \`code\` says what to do about it.
What creates something takes an \`idempotencyKey\`: the same key with the same request gives the same answer again.`;

/** What a caller gets when something goes wrong, with the codes that there are. */
const problemSchema: JsonSchema = {
  type: 'object',
  description: 'RFC 9457 problem details. Some codes bring members of their own, such as `seatIds` with `seat_taken`.',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId', 'retryable'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'A sentence for people.' },
    code: { type: 'string', enum: Object.keys(problemKinds) },
    requestId: { type: 'string' },
    retryable: { type: 'boolean', description: 'Whether the very same request may succeed later.' },
    issues: {
      type: 'array',
      description: 'With `invalid_input`: each field that is wrong.',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

/** The OpenAPI 3.1 document of every procedure, made from the router. */
export function createDocument(publicUrl: string, version: string) {
  const schemas: Record<string, JsonSchema> = { Problem: problemSchema };
  const paths: Record<string, Record<string, object>> = {};
  for (const procedure of listProcedures()) {
    const { openapi } = procedure.meta;
    if (!openapi) throw new Error(`${procedure.path} has no place in REST`);
    paths[openapi.path] = {
      ...paths[openapi.path],
      [openapi.method.toLowerCase()]: describeOperation(procedure, openapi, schemas),
    };
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Evently', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: `${publicUrl}/api/v1` }],
    tags: [...new Set(listProcedures().map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { session: { type: 'http', scheme: 'bearer', description: 'A session token.' } },
      schemas,
    },
  };
}

const tagOf = ({ path }: ProcedureInfo) => path.split('.').slice(0, -1).join(' ');

function describeOperation(
  procedure: ProcedureInfo,
  openapi: NonNullable<ProcedureInfo['meta']['openapi']>,
  schemas: Record<string, JsonSchema>,
) {
  const { fields, required } = inputFields(procedure);
  const inPath = pathFields(openapi.path);
  const rest = Object.entries(fields).filter(([name]) => !inPath.includes(name));
  const inQuery = procedure.type === 'query' ? rest : [];
  const hoisted = (schema: JsonSchema) => hoist(schema, schemas);
  const parameters = [
    ...inPath.map((name) => ({ name, in: 'path', required: true, schema: hoisted(fields[name] ?? {}) })),
    ...inQuery.map(([name, schema]) => ({ name, in: 'query', required: required.has(name), schema: hoisted(schema) })),
  ];
  const inBody = procedure.type === 'mutation' ? rest : [];
  const requiredInBody = inBody.map(([name]) => name).filter((name) => required.has(name));
  return {
    operationId: procedure.path.replaceAll('.', '_'),
    tags: [tagOf(procedure)],
    summary: openapi.summary,
    ...(openapi.description === undefined ? {} : { description: openapi.description }),
    security: procedure.meta.tier === 'open' ? [] : [{ session: [] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(inBody.length > 0
      ? {
          requestBody: {
            required: requiredInBody.length > 0,
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  properties: Object.fromEntries(inBody.map(([name, schema]) => [name, hoisted(schema)])),
                  ...(requiredInBody.length > 0 ? { required: requiredInBody } : {}),
                  additionalProperties: false,
                },
              },
            },
          },
        }
      : {}),
    responses: {
      [openapi.status ?? 200]: {
        description: 'Done.',
        content: { 'application/json': { schema: hoisted(toJsonSchema(procedure.output, 'output')) } },
      },
      default: {
        description: 'A problem.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** Moves definitions to the document's components, where every operation shares them. */
function hoist(schema: JsonSchema, schemas: Record<string, JsonSchema>): JsonSchema {
  const { $defs = {}, ...rest } = schema;
  for (const [given, definition] of Object.entries($defs)) {
    const name = componentName(given);
    const component = refer(typeof definition === 'object' ? definition : {});
    if (schemas[name] !== undefined && !isDeepStrictEqual(schemas[name], component)) {
      throw new Error(`Two different schemas of the reference are called ${name}.`);
    }
    schemas[name] = component;
  }
  return refer(rest);
}

/** Of what contains itself zod makes a definition, and a name where it has none; with us that is only JSON as such. */
const componentName = (name: string) => (name.startsWith('__') ? 'Json' : name);

function refer(schema: JsonSchema): JsonSchema {
  const json = JSON.stringify(schema).replace(
    /"#\/\$defs\/([^"]+)"/g,
    (_, name: string) => `"#/components/schemas/${componentName(name)}"`,
  );
  return JSON.parse(json) as JsonSchema;
}
