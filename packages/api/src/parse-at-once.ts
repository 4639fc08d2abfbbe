import { z } from 'zod';

const RESOLVERS: ReadonlySet<string> = new Set(['query', 'mutation', 'subscription']);

const originals = new WeakMap<object, z.ZodType>();

/**
 * A builder of tRPC whose procedures parse at once: tRPC would call `parseAsync`, for which zod has no compiled path, and
 * which takes five times as long. No schema of ours waits for anything.
 */
export function parsesAtOnce<B extends object>(builder: B): B {
  return new Proxy(builder, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function' || RESOLVERS.has(String(name))) return member;
      return (...given: unknown[]) => parsesAtOnce(member.apply(target, given.map(atOnce)));
    },
  });
}

/** A schema becomes one that is the same in all but `parseAsync`. */
function atOnce(given: unknown): unknown {
  if (!(given instanceof z.ZodType)) return given;
  const parser: object = Object.create(given, { parseAsync: { value: (input: unknown) => given.parse(input) } });
  originals.set(parser, given);
  return parser;
}

/** The schema as it was written, for whoever reads it rather than parses by it. */
export const schemaBehind = (parser: z.ZodType): z.ZodType => originals.get(parser) ?? parser;
