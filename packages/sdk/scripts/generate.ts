/** Writes src/procedures.ts: what the client must know of each procedure at run time. */
import { realpathSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { listProcedures, type ProcedureInfo } from '@evently/api/procedures';

export const PROCEDURES_FILE = new URL('../src/procedures.ts', import.meta.url);

const HEADER = `// Made from the router by scripts/generate.ts; \`pnpm generate\` makes it anew.

/** What the client must know of a procedure at run time. */
export interface ProcedureFacts {
  readonly type: 'query' | 'mutation';
  /** It takes an idempotency key. */
  readonly key?: true;
  /** It may be sent again without a key. */
  readonly idempotent?: true;
  /** It answers a page of a list. */
  readonly paged?: true;
}

export const procedures = {
`;

/** The file as it should be. */
export function renderProcedures(): string {
  const rows = listProcedures().map(
    (procedure) => `  ${quote(procedure.path)}: { ${factsOf(procedure).join(', ')} },\n`,
  );
  return `${HEADER}${rows.join('')}} as const satisfies Record<string, ProcedureFacts>;\n`;
}

function factsOf({ type, meta, input, output }: ProcedureInfo): string[] {
  const inputFields = fieldsOf(input.toJSONSchema({ io: 'input', unrepresentable: 'any' }));
  const outputFields = fieldsOf(output.toJSONSchema({ io: 'output', unrepresentable: 'any' }));
  return [
    `type: '${type}'`,
    ...(inputFields.includes('idempotencyKey') ? ['key: true'] : []),
    ...(meta.idempotent ? ['idempotent: true'] : []),
    ...(outputFields.includes('items') && outputFields.includes('nextCursor') ? ['paged: true'] : []),
  ];
}

const fieldsOf = ({ properties = {} }: { properties?: object | undefined }): string[] => Object.keys(properties);

const quote = (path: string): string => `'${path}'`;

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await writeFile(PROCEDURES_FILE, renderProcedures());
}
