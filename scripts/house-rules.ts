/** The rules of ARCHITECTURE.md that a program can check: who may import whom, how long a file may be, who reads the environment. */

export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  path: string;
  text: string;
}

interface Import {
  from: string;
  typeOnly: boolean;
}

const IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;

/** What a file imports or re-exports; `typeOnly` when nothing of it is left at run time. */
export function importsOf(text: string): Import[] {
  return [...text.matchAll(IMPORT)].map((match) => ({
    from: match[2] ?? match[3] ?? '',
    typeOnly: match[1] !== undefined || onlyTypes(match[0]),
  }));
}

/** As in `import { type A, type B } from …`. */
function onlyTypes(statement: string): boolean {
  const names = /\{([^}]*)\}/
    .exec(statement)?.[1]
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  return names !== undefined && names.length > 0 && names.every((name) => name.startsWith('type '));
}

type Allowed = 'yes' | 'types' | 'no';

interface Room {
  name: string;
  /** Which of our packages it may import. Imports run downwards only. */
  mayImport: Record<string, Allowed>;
}

const ROOMS: [prefix: string, room: Room][] = [
  ['packages/db/', { name: 'db', mayImport: {} }],
  ['packages/jobs/', { name: 'jobs', mayImport: { '@evently/db': 'types' } }],
  ['packages/api/', { name: 'api', mayImport: { '@evently/db': 'yes', '@evently/jobs': 'yes' } }],
  ['packages/sdk/src/', { name: 'sdk', mayImport: { '@evently/api': 'types' } }],
  ['packages/sdk/', { name: 'the tools of sdk', mayImport: { '@evently/api': 'yes' } }],
  [
    'apps/server/',
    {
      name: 'server',
      mayImport: { '@evently/db': 'yes', '@evently/jobs': 'yes', '@evently/api': 'yes', '@evently/sdk': 'yes' },
    },
  ],
  [
    'examples/',
    { name: 'examples', mayImport: { '@evently/sdk': 'yes', '@evently/api': 'yes', '@evently/db': 'yes' } },
  ],
];

const isTest = (path: string) => /(\.test|\/testing[\w-]*|\/test-[\w-]+)\.ts$/.test(path);

/** Where tRPC may be known: the edge of the API. The domain throws problems and never learns who asked. */
const TRPC_EDGE =
  /^packages\/api\/src\/((trpc|router|contract|procedures|call-procedure|problem|error-shape)\.ts|[\w-]+\/([\w-]+-)?router\.ts)$/;
/** What never reaches a client. */
const SERVER_ONLY = /^(node:|kysely|pg$|pg-boss|fastify|ioredis|lucia|@trpc\/server\/adapters)/;

/** What a file imports that it must not, one line each. */
export function importViolations({ path, text }: SourceFile): string[] {
  const room = ROOMS.find(([prefix]) => path.startsWith(prefix))?.[1];
  if (!room) return [];
  const found: string[] = [];
  for (const { from, typeOnly } of importsOf(text)) {
    const why = whyNot(path, room, from, typeOnly);
    if (why) found.push(`${path} imports ${from}: ${why}`);
  }
  return found;
}

function whyNot(path: string, room: Room, from: string, typeOnly: boolean): string | null {
  if (/apps\/|@evently\/server/.test(from)) return 'nothing imports an app';
  if (from.startsWith('.') && leaves(path, from)) return 'other packages are imported by name';
  const own = /^@evently\/[\w-]+/.exec(from)?.[0];
  if (own && own !== `@evently/${room.name}` && !(isTest(path) && room.name === 'api')) {
    const allowed = isTest(path) && own === '@evently/db' ? 'yes' : (room.mayImport[own] ?? 'no');
    if (allowed === 'no') return `${room.name} may not know ${own}`;
    if (allowed === 'types' && !typeOnly) return `${room.name} may take only types from ${own}`;
  }
  if (from.startsWith('@trpc/') && room.name === 'api' && !TRPC_EDGE.test(path) && !isTest(path)) {
    return 'the domain does not know tRPC';
  }
  if (room.name === 'sdk' && SERVER_ONLY.test(from) && !isTest(path)) return 'the SDK runs in browsers, too';
  if (path.includes('/box-office/decide/') && !isTest(path) && !isPure(from, typeOnly)) return 'decisions are pure';
  return null;
}

function leaves(path: string, from: string): boolean {
  const depth = path.split('/').length - 3;
  return from.split('/').filter((part) => part === '..').length > depth;
}

const PURE = new Set([
  '../inventory.ts',
  '../requests.ts',
  '../../problem.ts',
  '../../best-seats/place-party.ts',
  '../../bookings/booking.ts',
  '../../bookings/cancellation.ts',
]);

/** A decision may compute hashes; all else that it needs is handed to it. */
function isPure(from: string, typeOnly: boolean): boolean {
  if (typeOnly || from === 'node:crypto' || from === 'canonicalize') return true;
  return from.startsWith('./') || PURE.has(from);
}

const MAX_LINES = 300;

/** Rules about a file by itself. */
export function fileViolations({ path, text }: SourceFile): string[] {
  const found: string[] = [];
  const lines = text.trimEnd().split('\n').length;
  if (lines > MAX_LINES) found.push(`${path} has ${lines} lines, more than ${MAX_LINES}: it says more than one thing`);
  if (PRODUCT.test(path) && /\bprocess\.env\b/.test(text) && !READS_ENVIRONMENT.has(path) && !isTest(path)) {
    found.push(`${path} reads process.env: only the settings do`);
  }
  return found;
}

/** What runs in an office; scripts and examples read what they like. */
const PRODUCT = /^(packages|apps)\/[^/]+\/src\//;
const READS_ENVIRONMENT = new Set([
  'apps/server/src/settings.ts',
  // Child processes get a cleaned copy.
  'packages/db/src/embedded/tool.ts',
]);

/** Circles of run-time imports; each as the files it leads through. */
export function findCycles(files: readonly SourceFile[]): string[] {
  const known = new Set(files.map(({ path }) => path));
  const edges = new Map(
    files.map(({ path, text }) => {
      const targets = importsOf(text).filter(({ from, typeOnly }) => !typeOnly && from.startsWith('.'));
      return [path, targets.map(({ from }) => resolve(path, from)).filter((target) => known.has(target))];
    }),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) cycles.push([...trail.slice(at), path].join(' → '));
    if (at >= 0 || done.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}

function resolve(path: string, from: string): string {
  return new URL(from, `file:///${path}`).pathname.slice(1);
}
