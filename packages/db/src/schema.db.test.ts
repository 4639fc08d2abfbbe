import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from './testing.ts';

/** A column of the migrated database. */
interface SqlColumn {
  table: string;
  name: string;
  /** As Postgres spells it: `timestamp with time zone`, `text[]`. */
  type: string;
  nullable: boolean;
  hasDefault: boolean;
  generated: boolean;
  /** What a `CHECK (… IN (…))` on this column alone allows. */
  literals: string[] | null;
}

/** What schema.ts says: the type of each column of each table, and the literals of each union alias. */
interface SchemaText {
  tables: Map<string, Map<string, string>>;
  aliases: Map<string, string[]>;
}

/** Reads schema.ts, which is as regular as it is on purpose. @throws Error for a line of a table that it does not understand */
function parseSchema(text: string): SchemaText {
  const bare = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const aliases = new Map<string, string[]>();
  for (const [, name = '', union = ''] of bare.matchAll(/^export type (\w+) =\s*((?:\|?\s*'[^']*'\s*)+);$/gm)) {
    aliases.set(name, readLiterals(union));
  }
  const interfaces = new Map<string, Map<string, string>>();
  for (const [, name = '', body = ''] of bare.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}$/gm)) {
    interfaces.set(name, readMembers(name, body));
  }
  const database = interfaces.get('Database');
  if (!database) throw new Error('schema.ts has no interface Database');
  const tables = new Map<string, Map<string, string>>();
  for (const [table, name] of database) {
    const members = interfaces.get(name);
    if (!members) throw new Error(`schema.ts has no interface ${name} for the table ${table}`);
    tables.set(table, members);
  }
  return { tables, aliases };
}

function readMembers(name: string, body: string): Map<string, string> {
  const members = new Map<string, string>();
  for (const line of body.split('\n')) {
    if (line.trim() === '') continue;
    const [, member = '', type = ''] = /^ {2}(\w+): (\S.*);$/.exec(line) ?? [];
    if (!member) throw new Error(`${name} has a line that is no column: ${line.trim()}`);
    members.set(member, type);
  }
  return members;
}

const readLiterals = (text: string): string[] => [...text.matchAll(/'([^']*)'/g)].map((match) => match[1] ?? '').sort();

const TYPES: Record<string, string> = {
  uuid: 'string',
  text: 'string',
  smallint: 'number',
  integer: 'number',
  bigint: 'number',
  'double precision': 'number',
  boolean: 'boolean',
  'timestamp with time zone': 'Instant',
  jsonb: 'Json<…>',
  'text[]': 'string[]',
};

/** How schema.ts has to spell a column; `Json<…>` stands for any content, since a database does not know it. */
function spell(column: SqlColumn, aliases: SchemaText['aliases']): string {
  if (column.generated) return 'ColumnType<string, never, never>';
  const plain = column.literals ? findAlias(column.literals, aliases) : TYPES[column.type];
  const type = `${plain ?? `a type for ${column.type}`}${column.nullable ? ' | null' : ''}`;
  return column.hasDefault ? `Generated<${type}>` : type;
}

function findAlias(literals: readonly string[], aliases: SchemaText['aliases']): string {
  const wanted = [...literals].sort().join();
  const found = [...aliases].filter(([, has]) => has.join() === wanted).map(([name]) => name);
  return found.length > 0 ? found.join(' or ') : `a union of ${literals.join(', ')}`;
}

/** Every difference between the file and the database, as a sentence; none when they agree. */
function compareSchema(text: string, columns: readonly SqlColumn[]): string[] {
  const { tables, aliases } = parseSchema(text);
  const differences: string[] = [];
  const inDatabase = Map.groupBy(columns, (column) => column.table);
  for (const table of tables.keys()) {
    if (!inDatabase.has(table)) differences.push(`the table ${table} is only in schema.ts`);
  }
  for (const [table, itsColumns] of inDatabase) {
    const members = tables.get(table);
    if (!members) differences.push(`the table ${table} is only in the database`);
    if (!members) continue;
    const names = new Set(itsColumns.map((column) => column.name));
    for (const name of members.keys()) if (!names.has(name)) differences.push(`${table}.${name} is only in schema.ts`);
    for (const column of itsColumns) {
      const difference = compareColumn(column, members.get(column.name), aliases);
      if (difference) differences.push(difference);
    }
  }
  return differences;
}

function compareColumn(column: SqlColumn, type: string | undefined, aliases: SchemaText['aliases']): string | null {
  const place = `${column.table}.${column.name}`;
  if (type === undefined) return `${place} is only in the database`;
  const wanted = spell(column, aliases);
  const said = hideContent(type);
  return wanted.split(' or ').includes(said) ? null : `${place} is ${said} in schema.ts and ${wanted} in the database`;
}

/** `Json<Record<string, unknown>> | null` as `Json<…> | null`: what a database cannot know is not compared. */
function hideContent(type: string): string {
  const inner = /^Generated<(.*)>$/.exec(type)?.[1];
  return inner === undefined ? type.replace(/^Json<.*>( \| null)?$/, 'Json<…>$1') : `Generated<${hideContent(inner)}>`;
}

/** Every column of the migrated database but the migrator's own. */
async function listColumns({ db }: TestDatabase): Promise<SqlColumn[]> {
  const { rows } = await sql<Omit<SqlColumn, 'literals'> & { checks: string[] }>`
    SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
      NOT a.attnotnull AS nullable, a.attgenerated <> '' AS generated, a.atthasdef AND a.attgenerated = '' AS "hasDefault",
      ARRAY(
        SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k
        WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]
      ) AS checks
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
      AND c.relname NOT LIKE 'kysely\_migration%'
    ORDER BY c.relname, a.attnum`.execute(db);
  return rows.map(({ checks, ...column }) => ({ ...column, literals: literalsOf(column.name, checks) }));
}

/** Postgres writes `role IN ('user', 'staff')` as `CHECK ((role = ANY (ARRAY['user'::text, 'staff'::text])))`. */
function literalsOf(column: string, checks: readonly string[]): string[] | null {
  const listed = new RegExp(
    String.raw`^CHECK \(\(${column} = (?:ANY \(ARRAY\[)?('[^()]*'::text)(?:\]\))?\)\)(?: NOT VALID)?$`,
  );
  for (const check of checks) {
    const list = listed.exec(check)?.[1];
    if (list !== undefined) return readLiterals(list);
  }
  return null;
}

let database: TestDatabase;
let columns: SqlColumn[];
let schema: string;

beforeAll(async () => {
  database = await createTestDatabase(1);
  columns = await listColumns(database);
  const read = (name: string) => readFile(new URL(name, import.meta.url), 'utf8');
  schema = `${await read('./schema.ts')}\n${await read('./schema-inventory.ts')}`;
});
afterAll(() => database[Symbol.asyncDispose]());

test('schema.ts says of every table and column what the migrated database says', () => {
  expect(compareSchema(schema, columns)).toEqual([]);
});

test('the comparison sees defaults, generated columns, nullable ones and the literals of checks', () => {
  const find = (table: string, name: string) =>
    columns.find((column) => column.table === table && column.name === name);
  expect(find('users', 'role')).toMatchObject({ type: 'text', literals: ['admin', 'staff', 'user'], nullable: false });
  expect(find('events', 'search')).toMatchObject({ generated: true, hasDefault: false });
  expect(find('show_inventory', 'version')).toMatchObject({ hasDefault: true, type: 'bigint' });
  expect(find('bookings', 'expires_at')).toMatchObject({ nullable: true, literals: null });
});

describe('a schema.ts that differs is told so, by name:', () => {
  const doctored: [what: string, from: string, to: string, difference: string][] = [
    [
      'a table too many',
      'export interface Database {',
      'export interface Database {\n  ghosts: UsersTable;',
      'the table ghosts is only in schema.ts',
    ],
    ['a table too few', '  sessions: SessionsTable;\n', '', 'the table sessions is only in the database'],
    [
      'a column too many',
      '  password_hash: string;',
      '  password_hash: string;\n  shoe_size: number;',
      'users.shoe_size is only in schema.ts',
    ],
    ['a column too few', '  password_hash: string;\n', '', 'users.password_hash is only in the database'],
    [
      'another type',
      '  layout_version: number;\n  version',
      '  layout_version: string;\n  version',
      'venues.layout_version is string in schema.ts and number in the database',
    ],
    [
      'an instant as text',
      '  starts_at: Instant;',
      '  starts_at: string;',
      'shows.starts_at is string in schema.ts and Instant in the database',
    ],
    [
      'a list as text',
      '  tags: string[];',
      '  tags: string;',
      'events.tags is string in schema.ts and string[] in the database',
    ],
    [
      'JSON as text',
      '  data: Json<Record<string, unknown>>;',
      '  data: string;',
      'booking_events.data is string in schema.ts and Json<…> in the database',
    ],
    [
      'null that may not be',
      '  email: string;',
      '  email: string | null;',
      'users.email is string | null in schema.ts and string in the database',
    ],
    [
      'null forgotten',
      '  address: string | null;',
      '  address: string;',
      'venues.address is string in schema.ts and string | null in the database',
    ],
    [
      'null forgotten in JSON',
      '  metadata: Json<Record<string, unknown>> | null;',
      '  metadata: Json<Record<string, unknown>>;',
      'bookings.metadata is Json<…> in schema.ts and Json<…> | null in the database',
    ],
    [
      'a default forgotten',
      '  held: Generated<number>;',
      '  held: number;',
      'show_sections.held is number in schema.ts and Generated<number> in the database',
    ],
    [
      'a default made up',
      '  capacity: number;\n  held',
      '  capacity: Generated<number>;\n  held',
      'show_sections.capacity is Generated<number> in schema.ts and number in the database',
    ],
    [
      'a generated column to write',
      '  search: ColumnType<string, never, never>;',
      '  search: string;',
      'events.search is string in schema.ts and ColumnType<string, never, never> in the database',
    ],
    [
      'a literal forgotten',
      "'user' | 'staff' | 'admin'",
      "'user' | 'admin'",
      'users.role is Role in schema.ts and a union of admin, staff, user in the database',
    ],
    [
      'a literal made up',
      "'held' | 'valid' | 'used' | 'void'",
      "'held' | 'valid' | 'used' | 'void' | 'lost'",
      'tickets.status is TicketStatus in schema.ts and a union of held, used, valid, void in the database',
    ],
    [
      'a union as any text',
      '  status: BookingStatus;',
      '  status: string;',
      'bookings.status is string in schema.ts and BookingStatus in the database',
    ],
    [
      'the union of another column',
      '  status: BookingStatus;',
      '  status: TicketStatus;',
      'bookings.status is TicketStatus in schema.ts and BookingStatus in the database',
    ],
    [
      'a union that nothing checks',
      '  actor: string;',
      '  actor: Role;',
      'booking_events.actor is Role in schema.ts and string in the database',
    ],
  ];

  test.each(doctored)('%s', (_what, from, to, difference) => {
    expect(schema).toContain(from);
    // Where the file itself is wrong, the first test says so.
    const [before, after] = [schema, schema.replace(from, to)].map((text) => compareSchema(text, columns));
    expect(after!.filter((one) => !before!.includes(one))).toEqual([difference]);
  });

  test('a line that is no column', () => {
    const odd = schema.replace('  email: string;', '  email?: string;');
    expect(() => compareSchema(odd, columns)).toThrow('UsersTable has a line that is no column: email?: string;');
  });

  test('a table without its interface', () => {
    const odd = schema.replace('users: UsersTable;', 'users: PeopleTable;');
    expect(() => compareSchema(odd, columns)).toThrow('schema.ts has no interface PeopleTable for the table users');
  });
});
