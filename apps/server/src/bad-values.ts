/** Inputs that are wrong in one way each, made from a valid one and its JSON Schema. Pure. */
import type { Input } from './matrix-world.ts';
import type { JsonSchema } from './rest/schemas.ts';

/** An input as JSON text, since some of what is bad in it no value can express. */
export interface BadValue {
  what: string;
  json: string;
  /** The field at fault, as in `sections.0.quantity`; null where it is the input as a whole. */
  field: string | null;
}

export interface Sizes {
  /** Longer than any bound on text, shorter than what the transport carries. */
  textLength: number;
  depth: number;
}

type Path = readonly (string | number)[];

/** A field of the input, or an item of a list in it. */
interface Place {
  path: Path;
  schema: JsonSchema;
  required: boolean;
}

// What JSON can say and JSON.stringify cannot: `"@raw:1e999"` becomes `1e999`, the key `@key:__proto__` becomes `__proto__`.
const stringify = (value: unknown) =>
  JSON.stringify(value)
    .replace(/"@raw:([^"]*)"/g, '$1')
    .replaceAll('@key:', '');

const WRONG_TYPES: Record<string, unknown> = {
  string: 'wrong',
  number: 7,
  boolean: true,
  array: [],
  object: {},
  null: null,
};

const asSchema = (schema: JsonSchema | boolean): JsonSchema => (typeof schema === 'object' ? schema : {});

/** The alternatives of a schema; itself when it has none. */
function branchesOf(schema: JsonSchema): JsonSchema[] {
  const nested = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return nested.length === 0 ? [schema] : nested.flatMap((branch) => branchesOf(asSchema(branch)));
}

const typeOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
const typeIn = ({ type }: JsonSchema) => (type === 'integer' ? 'number' : type);

/** The JSON types that a schema lets pass; null when it does not say. */
function typesOf(schema: JsonSchema): Set<string> | null {
  const types = branchesOf(schema).map(typeIn);
  return types.every((type) => typeof type === 'string') ? new Set(types) : null;
}

/** The alternative that a value is meant for: of its type, and with its discriminator. */
function branchFor(schema: JsonSchema, value: unknown): JsonSchema {
  const fits = (branch: JsonSchema) =>
    typeIn(branch) === typeOf(value) &&
    Object.entries(branch.properties ?? {}).every(([name, property]) => {
      const { const: wanted } = asSchema(property);
      return wanted === undefined || wanted === (value as Input)[name];
    });
  return branchesOf(schema).find(fits) ?? {};
}

function listPlaces(schema: JsonSchema, value: unknown, path: Path = []): Place[] {
  const branch = branchFor(schema, value);
  const at = (key: string | number, sub: JsonSchema | boolean, required: boolean, inner: unknown): Place[] => {
    const place = { path: [...path, key], schema: asSchema(sub), required };
    return [place, ...listPlaces(place.schema, inner, place.path)];
  };
  if (Array.isArray(value))
    return value.flatMap((item, index) => at(index, asSchema(branch.items as JsonSchema), false, item));
  return Object.entries(branch.properties ?? {}).flatMap(([name, property]) =>
    at(name, property, branch.required?.includes(name) ?? false, (value as Input)[name]),
  );
}

type Holder = Record<string | number, unknown>;

/** The input as JSON text, changed at one place. */
function changed(base: Input, path: Path, change: (holder: Holder, key: string | number) => void): string {
  const copy: Holder = structuredClone(base);
  const holder = path.slice(0, -1).reduce((at, key) => at[key] as Holder, copy);
  change(holder, path.at(-1)!);
  return stringify(copy);
}

/** Every way in which this input can be wrong at one place, and as a whole. */
export function badValues(schema: JsonSchema, base: Input, sizes: Sizes): BadValue[] {
  const places = listPlaces(schema, base);
  return [
    ...places.flatMap((place) => badAt(base, place, sizes)),
    ...[{ path: [], schema, required: false }, ...places].flatMap((place) => badKeys(base, place, sizes)),
    ...badRoots(base, sizes),
  ];
}

function badAt(base: Input, { path, schema, required }: Place, sizes: Sizes): BadValue[] {
  const field = path.join('.');
  const put = (what: string, value: unknown): BadValue => ({
    what: `${what} in ${field}`,
    json: changed(base, path, (holder, key) => {
      holder[key] = value;
    }),
    field,
  });
  const types = typesOf(schema);
  const bad: BadValue[] = [];
  if (types) {
    const wrong = Object.entries(WRONG_TYPES).filter(([type]) => !types.has(type));
    bad.push(...wrong.map(([type, value]) => put(`the type ${type}`, value)));
  }
  if (required) {
    const json = changed(base, path, (holder, key) => {
      delete holder[key];
    });
    bad.push({ what: `${field} missing`, json, field });
  }
  const text = branchesOf(schema).find((branch) => branch.type === 'string');
  if (text) bad.push(...badTexts(text, sizes).map(([what, value]) => put(what, value)));
  const number = branchesOf(schema).find((branch) => typeIn(branch) === 'number');
  if (number) bad.push(...badNumbers(number).map(([what, value]) => put(what, value)));
  return bad;
}

function badTexts(schema: JsonSchema, { textLength }: Sizes): [string, string][] {
  const bad: [string, string][] = [
    [`text of ${textLength} letters`, 'x'.repeat(textLength)],
    ['U+0000', 'a\0b'],
    ['half a surrogate pair', 'a\ud800b'],
  ];
  return [...bad, ...ofAnotherForm(schema).map((text): [string, string] => [JSON.stringify(text), text])];
}

/** Texts that a schema's form, where it has one, does not take. */
export function ofAnotherForm({ format, pattern, const: constant, enum: list, minLength = 0 }: JsonSchema): string[] {
  const texts = ['§ nonsense §', 'two\nlines', ''];
  const isClosed = constant !== undefined || list !== undefined || (format !== undefined && pattern === undefined);
  if (isClosed) return texts;
  const taken = new RegExp(pattern ?? '', 'u');
  return texts.filter((text) => text.length < minLength || !taken.test(text));
}

function badNumbers({ type, minimum = Number.NEGATIVE_INFINITY }: JsonSchema): [string, unknown][] {
  const bad: [string, unknown][] = [
    ['1e999', '@raw:1e999'],
    ['-1e999', '@raw:-1e999'],
    ['a huge number', 1e300],
  ];
  if (minimum > -1) bad.push(['-1', -1]);
  if (type === 'integer') bad.push(['a fraction', 1.5]);
  return bad;
}

/** Fields that do not belong there, in every object of the input; in an object that takes any field, what it may not hold. */
function badKeys(base: Input, { path, schema }: Place, { textLength, depth }: Sizes): BadValue[] {
  const object = path.reduce<unknown>((at, key) => (at as Holder)?.[key], base);
  if (typeOf(object) !== 'object') return [];
  const place = path.join('.');
  const within = (key: string) => (place ? `${place}.${key}` : key);
  const add = (what: string, key: string, value: unknown, field: string | null): BadValue => {
    const extended = { ...(object as Input), [key]: value };
    const json =
      path.length === 0 ? stringify(extended) : changed(base, path, (holder, last) => (holder[last] = extended));
    return { what: `${what} in ${place || 'the input'}`, json, field };
  };
  const everywhere = [
    add('__proto__', '@key:__proto__', { a: 1 }, within('__proto__')),
    add('U+0000 in a name', 'a\0b', 1, null),
    add(`${depth} levels`, 'nested', nest('[', depth, ']'), null),
  ];
  if (branchFor(schema, object).properties) {
    const unknown = ['nonsense', 'constructor'].map((key) => add(`the field ${key}`, key, { a: 1 }, within(key)));
    return [...everywhere, ...unknown];
  }
  return [
    ...everywhere,
    add(`text of ${textLength} letters`, 'a', 'x'.repeat(textLength), place),
    add('U+0000', 'a', 'a\0b', within('a')),
    add('half a surrogate pair', 'a', ['\udfff'], within('a.0')),
    add('__proto__ further down', 'a', [{ '@key:__proto__': 1 }], within('a.0.__proto__')),
  ];
}

const nest = (open: string, depth: number, close: string) => `@raw:${open.repeat(depth)}${close.repeat(depth)}`;

function badRoots(base: Input, { depth }: Sizes): BadValue[] {
  const roots: [string, string][] = [
    ['an empty list', '[]'],
    ['the input in a list', stringify([base])],
    ['null', 'null'],
    ['text', '"text"'],
    ['a number', '5'],
    ['true', 'true'],
    [`${depth} lists`, '['.repeat(depth) + ']'.repeat(depth)],
    [`${depth} objects`, `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`],
  ];
  return roots.map(([what, json]) => ({ what: `${what} as the input`, json, field: null }));
}
