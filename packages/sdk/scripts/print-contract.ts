/**
 * Prints src/contract.ts with everything written out: the contract as literal types, each procedure and each field with
 * its comment. Declarations that the compiler emits for inferred routers lose the comments of fields, and would take zod,
 * kysely and the server's context along.
 *
 * TypeScript 7's programming interface is marked unstable; its exact version is pinned, and the build compares what is
 * printed here with what is inferred (fixtures/same-contract.ts).
 */
import { fileURLToPath } from 'node:url';
import {
  API,
  type Checker,
  type Project,
  SymbolFlags,
  type Type,
  TypeFlags,
  type Symbol as TypeSymbol,
} from 'typescript/unstable/sync';

const WORKSPACE_CONFIG = fileURLToPath(new URL('../../../tsconfig.json', import.meta.url));
const CONTRACT_FILE = fileURLToPath(new URL('../src/contract.ts', import.meta.url));

const HEADER = `import type { TRPC_ERROR_CODE_NUMBER, TRPCBuiltRouter, TRPCMutationProcedure, TRPCQueryProcedure, TRPCSubscriptionProcedure } from '@trpc/server';

/** What JSON can say. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
`;

/** Recursive, so they go by name; our name for each is declared above. */
const RECURSIVE_TYPES = new Map([['JSONType', 'JsonValue']]);

/** A name for a shape: wherever this shape is answered, the name stands. */
interface Model {
  name: string;
  type: Type;
  /** The shape, printed without names and comments. */
  shape: string;
}

interface Printer {
  checker: Checker;
  models: readonly Model[];
  /** Without comments and names two types print alike exactly when they are alike. */
  bare: boolean;
}

/** The text of a module that exports what src/contract.ts exports, and imports types of @trpc/server alone. */
export function printContract(): string {
  const api = new API();
  try {
    const project = api.updateSnapshot({ openProjects: [WORKSPACE_CONFIG] }).getProject(WORKSPACE_CONFIG);
    if (!project) throw new Error(`TypeScript does not open ${WORKSPACE_CONFIG}.`);
    return printModule(project);
  } finally {
    api.close();
  }
}

function printModule(project: Project): string {
  const { checker } = project;
  const file = project.program.getSourceFile(CONTRACT_FILE);
  const module = file && checker.getSymbolAtLocation(file);
  if (!module) throw new Error(`${CONTRACT_FILE} is no part of the workspace.`);
  const exported = checker.getExportsOfModule(module);
  const models = exported.filter((symbol) => !isAlias(symbol)).map((symbol) => modelOf(checker, symbol));
  const printer: Printer = { checker, models, bare: false };
  const parts = exported.map((symbol) => {
    if (!isAlias(symbol)) return printModel(printer, symbol);
    const target = checker.getAliasedSymbol(symbol);
    return symbol.name === 'Contract' ? printRoutes(printer, target) : declarationText(target);
  });
  return `${HEADER}\n${parts.join('\n\n')}\n`;
}

const isAlias = (symbol: TypeSymbol): boolean => (symbol.flags & SymbolFlags.Alias) !== 0;

/** What another file declares, as it stands there, with its comment. */
function declarationText(symbol: TypeSymbol): string {
  const node = symbol.declarations[0]?.resolve();
  if (!node) throw new Error(`Nothing declares ${symbol.name}.`);
  return node.getSourceFile().text.slice(node.pos, node.end).trim();
}

function modelOf(checker: Checker, symbol: TypeSymbol): Model {
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  return { name: symbol.name, type, shape: printType({ checker, models: [], bare: true }, type, '') };
}

function printModel(printer: Printer, symbol: TypeSymbol): string {
  const type = printer.checker.getDeclaredTypeOfSymbol(symbol);
  return `${printComment(printer, symbol, '')}export interface ${symbol.name} ${printFields(printer, type, '')}`;
}

function printRoutes(printer: Printer, contract: TypeSymbol): string {
  const { checker } = printer;
  const record = memberType(checker, checker.getDeclaredTypeOfSymbol(contract), '_def', 'record');
  return `/** Every procedure with its input and output. */
export type Routes = ${printRecord(printer, record, '')};

${printComment(printer, contract, '')}export type Contract = TRPCBuiltRouter<
  { ctx: object; meta: object; errorShape: ErrorShape; transformer: true },
  Routes
>;`;
}

function printRecord(printer: Printer, record: Type, indent: string): string {
  const { checker } = printer;
  const inner = `${indent}  `;
  const entries = checker.getPropertiesOfType(record).map((symbol) => {
    const type = typeOf(checker, symbol);
    const printed = checker.getPropertyOfType(type, '_def')
      ? printProcedure(printer, type, inner)
      : printRecord(printer, type, inner);
    return `${printComment(printer, symbol, inner)}${inner}${symbol.name}: ${printed};\n`;
  });
  return `{\n${entries.join('')}${indent}}`;
}

function printProcedure(printer: Printer, procedure: Type, indent: string): string {
  const { checker } = printer;
  const kind = memberType(checker, procedure, '_def', 'type');
  const name = new Map([
    ['"query"', 'TRPCQueryProcedure'],
    ['"mutation"', 'TRPCMutationProcedure'],
    ['"subscription"', 'TRPCSubscriptionProcedure'],
  ]).get(checker.typeToString(kind));
  if (!name) throw new Error(`A procedure of type ${checker.typeToString(kind)} cannot be published yet.`);
  const inner = `${indent}  `;
  const input = printType(printer, memberType(checker, procedure, '_def', '$types', 'input'), inner);
  const output = printOutput(printer, memberType(checker, procedure, '_def', '$types', 'output'), inner);
  const members = [`input: ${input};`, `output: ${output};`, 'meta: object;', 'errorShape: ErrorShape;'];
  return `${name}<{\n${members.map((member) => `${inner}${member}\n`).join('')}${indent}}>`;
}

/** An answer, or what a subscription answers one after another: tRPC's pairs of an id and what goes by it. */
function printOutput(printer: Printer, type: Type, indent: string): string {
  const isStream = type.getSymbol()?.name === 'AsyncIterable' && type.isTypeReference();
  const [event] = isStream ? printer.checker.getTypeArguments(type) : [];
  return event
    ? `AsyncIterable<${printFields(printer, event, indent)}, void, unknown>`
    : printType(printer, type, indent);
}

/**
 * Prints a type of data.
 *
 * @throws Error when it is none: a function, a class, anything generic. Such a thing would drag its own module along.
 */
function printType(printer: Printer, type: Type, indent: string): string {
  const { checker } = printer;
  const recursive = RECURSIVE_TYPES.get(type.getAliasSymbol()?.name ?? '');
  if (recursive) return recursive;
  if (type.isUnionType()) return printUnion(printer, type.getTypes(), indent);
  if (type.flags & (TypeFlags.Intrinsic | TypeFlags.Literal) && !(type.flags & TypeFlags.Any))
    return checker.typeToString(type);
  if (checker.isArrayType(type)) {
    const [element] = type.isTypeReference() ? checker.getTypeArguments(type) : [];
    const printed = element ? printType(printer, element, indent) : 'unknown';
    return element?.isUnionType() && printed.includes(' | ') ? `(${printed})[]` : `${printed}[]`;
  }
  if (type.getSymbol()?.name === 'Date') return 'Date';
  const isRecord = type.isObjectType() && !type.isClassOrInterface() && !type.isTypeReference();
  if (!isRecord) throw new Error(`${checker.typeToString(type)} is no plain data, so it cannot be published.`);
  const [index, ...others] = checker.getIndexInfosOfType(type);
  if (index) {
    if (others.length > 0 || checker.getPropertiesOfType(type).length > 0)
      throw new Error('A record has other fields, too.');
    return `Record<${printType(printer, index.keyType, indent)}, ${printType(printer, index.valueType, indent)}>`;
  }
  if (printer.bare) return printFields(printer, type, '');
  const shape = printFields({ ...printer, bare: true }, type, '');
  return printer.models.find((model) => model.shape === shape)?.name ?? printFields(printer, type, indent);
}

function printUnion(printer: Printer, types: readonly Type[], indent: string): string {
  const isNothing = (type: Type) => (type.flags & (TypeFlags.Null | TypeFlags.Undefined)) !== 0;
  const isBoolean = (type: Type) => (type.flags & TypeFlags.BooleanLiteral) !== 0;
  const printed = [
    ...types.filter((type) => !isNothing(type) && !isBoolean(type)).map((type) => printType(printer, type, indent)),
    ...(types.filter(isBoolean).length === 2
      ? ['boolean']
      : types.filter(isBoolean).map((t) => printType(printer, t, indent))),
    // As people write it: null and undefined last.
    ...types
      .filter(isNothing)
      .map((type) => printType(printer, type, indent))
      .toSorted(),
  ];
  return printed.join(' | ');
}

function printFields(printer: Printer, type: Type, indent: string): string {
  const inner = `${indent}  `;
  const fields = printer.checker.getPropertiesOfType(type).map((symbol) => {
    const optional = symbol.flags & SymbolFlags.Optional ? '?' : '';
    const name = /^[A-Za-z_$][\w$]*$/.test(symbol.name) ? symbol.name : JSON.stringify(symbol.name);
    const printed = printType(printer, typeOf(printer.checker, symbol), inner);
    return `${printComment(printer, symbol, inner)}${inner}${name}${optional}: ${printed};\n`;
  });
  return `{\n${fields.join('')}${indent}}`;
}

function printComment({ checker, bare }: Printer, symbol: TypeSymbol, indent: string): string {
  if (bare) return '';
  const tags = checker.getJsDocTagsOfSymbol(symbol).map(({ name, text }) => `@${name} ${text ?? ''}`.trimEnd());
  const lines = [checker.getDocumentationCommentOfSymbol(symbol), ...tags].join('\n').trim().split('\n');
  if (lines.length === 1) return lines[0] ? `${indent}/** ${lines[0]} */\n` : '';
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

function typeOf(checker: Checker, symbol: TypeSymbol): Type {
  const type = checker.getTypeOfSymbol(symbol);
  if (!type) throw new Error(`${symbol.name} has no type.`);
  return type;
}

function memberType(checker: Checker, type: Type, ...path: string[]): Type {
  return path.reduce((outer, name) => {
    const symbol = checker.getPropertyOfType(outer, name);
    if (!symbol) throw new Error(`${checker.typeToString(outer)} has no ${name}.`);
    return typeOf(checker, symbol);
  }, type);
}
