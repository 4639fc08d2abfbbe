/** Query strings carry text only. Pure: what a field means is read from its JSON Schema. */

interface FieldSchema {
  type?: string | readonly string[] | undefined;
}

/**
 * The values of a query string as their fields want them: numbers, booleans and lists, or the text as it is, which the
 * schema then accepts or refuses. Nothing is guessed: `limit=0x10` stays text.
 */
export function readQuery(
  query: Readonly<Record<string, string | string[]>>,
  fields: Readonly<Record<string, FieldSchema>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, readValue(value, fields[name]?.type)]));
}

function readValue(value: string | string[], type: FieldSchema['type']): unknown {
  if (type === 'array') return Array.isArray(value) ? value : value.split(',');
  if (typeof value !== 'string') return value;
  if ((type === 'integer' || type === 'number') && /^-?\d{1,16}(\.\d+)?$/.test(value)) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}
