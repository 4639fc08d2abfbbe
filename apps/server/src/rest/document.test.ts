import { createRequire } from 'node:module';
import { listProcedures } from '@evently/api/procedures';
import { expect, test } from 'vitest';
import { createDocument } from './document.ts';

interface Operation {
  operationId: string;
  summary: string;
  security: object[];
  parameters?: { name: string; in: string; required: boolean }[];
  requestBody?: { content: { 'application/json': { schema: { properties: object; additionalProperties: boolean } } } };
  responses: Record<string, unknown>;
}

const document = createDocument('https://tickets.example.com', '1.2.3');
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...(operation as Operation) })),
);
const procedures = listProcedures();

/** Every value of a key, at any depth. */
function valuesOf(key: string, within: unknown): unknown[] {
  if (typeof within !== 'object' || within === null) return [];
  return Object.entries(within).flatMap(([name, value]) => [...(name === key ? [value] : []), ...valuesOf(key, value)]);
}

type Validate = (document: object) => Promise<{ valid: boolean; errors?: object[] }>;

/** The validator that the viewer at /docs brings along. */
async function loadValidator(): Promise<Validate> {
  const viewer = createRequire(import.meta.url).resolve('@scalar/fastify-api-reference');
  const { validate } = (await import(createRequire(viewer).resolve('@scalar/openapi-parser'))) as {
    validate: Validate;
  };
  return validate;
}

test('the document is valid OpenAPI 3.1', async () => {
  const validate = await loadValidator();
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(await validate(structuredClone(document))).toMatchObject({ valid: true });
  // The validator can say no.
  expect(await validate({ ...structuredClone(document), info: {} })).toMatchObject({ valid: false });
});

test('it says which server and which version it is of', () => {
  expect(document.servers).toEqual([{ url: 'https://tickets.example.com/api/v1' }]);
  expect(document.info).toMatchObject({ title: 'Evently', version: '1.2.3' });
});

test('every procedure is there, at its method and path, once', () => {
  const wanted = procedures.map(({ path, meta }) => [
    path.replaceAll('.', '_'),
    `${meta.openapi?.method} ${meta.openapi?.path}`,
  ]);
  const found = operations.map(({ operationId, method, path }) => [operationId, `${method.toUpperCase()} ${path}`]);
  const sorted = (list: (string | undefined)[][]) => list.map((entry) => entry.join(' ')).sort();
  expect(sorted(found)).toEqual(sorted(wanted));
  expect(new Set(found.map(([id]) => id)).size).toBe(procedures.length);
  for (const { summary, operationId } of operations) expect(summary, operationId).toMatch(/^[A-Z].*[^.]$/);
});

test('every reference leads somewhere, and every component is used', () => {
  const { schemas } = document.components;
  const references = new Set(valuesOf('$ref', document));
  expect([...references].sort()).toEqual(
    Object.keys(schemas)
      .map((name) => `#/components/schemas/${name}`)
      .sort(),
  );
  expect(Object.keys(schemas).sort()).toEqual(['Json', 'Problem']);
});

test('every field of a procedure is exactly once in the path, the query or the body', () => {
  for (const { path, method, operationId, parameters = [], requestBody } of operations) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(
      parameters.filter((parameter) => parameter.in === 'path').map(({ name, required }) => [name, required]),
      operationId,
    ).toEqual(inPath.map((name) => [name, true]));
    const body = requestBody?.content['application/json'].schema;
    if (method === 'get') expect(body, operationId).toBeUndefined();
    if (body) expect(body.additionalProperties, operationId).toBe(false);
    const names = [...parameters.map(({ name }) => name), ...Object.keys(body?.properties ?? {})];
    expect(new Set(names).size, operationId).toBe(names.length);
  }
});

test('creations answer 201 and nothing else does', () => {
  const created = operations.filter(({ responses }) => '201' in responses).map(({ operationId }) => operationId);
  expect(created.sort()).toEqual(
    procedures
      .map(({ path }) => path.replaceAll('.', '_'))
      .filter((id) => /_(create|register|hold|book)$|^waitlist_join$/.test(id))
      .sort(),
  );
  for (const { responses, operationId } of operations) {
    expect(Object.keys(responses), operationId).toHaveLength(2);
    expect(responses, operationId).toHaveProperty('default');
  }
});

test('what needs a session says so, and what does not says that', () => {
  const open = operations.filter(({ security }) => security.length === 0).map(({ operationId }) => operationId);
  expect(open.sort()).toEqual(
    procedures
      .filter(({ meta }) => meta.tier === 'open')
      .map(({ path }) => path.replaceAll('.', '_'))
      .sort(),
  );
  expect(open).toContain('events_list');
  expect(open).not.toContain('bookings_book');
});

test('integers have no bounds that only a machine would see', () => {
  const bounds = [...valuesOf('minimum', document), ...valuesOf('maximum', document)].map(Number);
  expect(bounds.length).toBeGreaterThan(5);
  expect(bounds.filter((bound) => Math.abs(bound) === Number.MAX_SAFE_INTEGER)).toEqual([]);
});
