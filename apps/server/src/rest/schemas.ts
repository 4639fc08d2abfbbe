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
    },
  });
  return json;
}

/** The fields of a procedure's input, each with its schema. */
export function inputFields(procedure: ProcedureInfo): {
  fields: Record<string, JsonSchema>;
  required: ReadonlySet<string>;
} {
  const { properties = {}, required = [] } = toJsonSchema(procedure.input, 'input');
  const fields = Object.entries(properties).map(([name, schema]): [string, JsonSchema] => [
    name,
    typeof schema === 'object' ? schema : {},
  ]);
  return { fields: Object.fromEntries(fields), required: new Set(required) };
}

/** The names in braces in a path. */
export function pathFields(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
}
