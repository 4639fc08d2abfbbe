import type { ProcedureInfo } from '@evently/api/procedures';
import { z } from 'zod';

/** A JSON Schema (2020-12, as OpenAPI 3.1 uses it). */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** How a field travels as JSON: instants as ISO 8601 text. */
export function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
      // That an integer is one of JavaScript's says nothing to a reader, and makes strange examples.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return json;
}

/** The fields of a procedure's input, each with its schema. */
export function inputFields(procedure: ProcedureInfo): {
  fields: Record<string, JsonSchema>;
  required: ReadonlySet<string>;
} {
  const { properties = {}, required = [], $defs } = toJsonSchema(procedure.input, 'input');
  // A field may refer to a definition of the whole, so each brings them along.
  const shared = $defs === undefined ? {} : { $defs };
  const fields = Object.entries(properties).map(([name, schema]): [string, JsonSchema] => [
    name,
    typeof schema === 'object' ? { ...schema, ...shared } : {},
  ]);
  return { fields: Object.fromEntries(fields), required: new Set(required) };
}

/** The names in braces in a path. */
export function pathFields(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
}
