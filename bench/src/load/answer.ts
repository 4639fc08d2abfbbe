import { type ProblemCode, problemKinds } from '@evently/api/problem';

/** What a procedure answered: its output as JSON, or the code of a problem that callers are meant to act on. */
export type Answer = { output: unknown } | { refused: ProblemCode };

/**
 * Reads an answer in tRPC's wire format.
 *
 * @throws Error for whatever is neither: another format, a problem under a foreign status, `internal`
 */
export function readAnswer(status: number, text: string): Answer {
  const body = parse(text);
  if (status === 200) {
    const output = at(body, 'result', 'data', 'json');
    if (output !== undefined) return { output };
  } else {
    const code = at(body, 'error', 'json', 'data', 'problem', 'code');
    if (isRefusal(code) && problemKinds[code].status === status) return { refused: code };
  }
  throw new Error(`an answer is neither an output nor a refusal: ${status} ${text.slice(0, 500)}`);
}

const isRefusal = (code: unknown): code is ProblemCode =>
  typeof code === 'string' && Object.hasOwn(problemKinds, code) && code !== 'internal';

/** A member of a member of a JSON value; undefined where there is none. */
export function at(value: unknown, ...names: string[]): unknown {
  let found = value;
  for (const name of names) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
