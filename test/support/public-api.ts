// The public API as a user's compiler sees it: the declarations that the package ships, made in memory from `lib/`.
import { relative, resolve } from 'node:path';
import ts from 'typescript';
import { shareSources } from './source-files.js';

/** What one entry point exports. */
export interface EntryPoint {
  /** `.`, `./inspect`, … */
  readonly name: string;
  readonly exports: readonly PublicExport[];
  /** The whole declaration file, for an entry point that exports no names. */
  readonly text: string;
}

/** One exported name. */
export interface PublicExport {
  readonly name: string;
  /** Whether it is there when the program runs, or only while it is compiled. */
  readonly kind: 'value' | 'type';
  /** The source file that declares it. */
  readonly file: string;
  /** Its declarations, without comments and private members. */
  readonly text: string;
  readonly declarations: readonly ts.Declaration[];
  /** The types of this package that the declarations mention. */
  readonly mentions: readonly string[];
}

/** The API, and the compiler's view of it. */
export interface PublicApi {
  readonly entryPoints: readonly EntryPoint[];
  /** The program of the sources, whose functions have bodies. */
  readonly sources: ts.Program;
}

const SOURCES = resolve('lib');
const DECLARATIONS = resolve('test/package/declarations'); // never written
const printer = ts.createPrinter({ removeComments: true });

/** Reads what the entry points export: `.` is `lib/index.ts`, `./testing` is `lib/testing/index.ts`. */
export function readPublicApi(names: readonly string[]): PublicApi {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options: given } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  const options = { ...given, paths: {}, rootDir: SOURCES, outDir: DECLARATIONS };
  const host = ts.createCompilerHost(options, true);
  host.getSourceFile = shareSources(host.getSourceFile, options);
  const roots = names.map((name) => resolve(SOURCES, name, 'index.ts'));
  const sources = ts.createProgram(
    roots,
    { ...options, noEmit: false, emitDeclarationOnly: true, noCheck: true },
    host,
  );
  const files = new Map<string, string>();
  sources.emit(undefined, (path, text) => files.set(path, text));
  const shipped = roots.map((path) => path.replace(SOURCES, DECLARATIONS).replace(/\.ts$/, '.d.ts'));
  const program = ts.createProgram(shipped, options, withFiles(host, files));
  const entryPoints = names.map((name, index) => readEntryPoint(program, name, shipped[index] ?? ''));
  return { entryPoints, sources };
}

function withFiles(host: ts.CompilerHost, files: ReadonlyMap<string, string>): ts.CompilerHost {
  const isInside = (path: string): boolean => path.startsWith(DECLARATIONS);
  return {
    ...host,
    fileExists: (path) => files.has(path) || (!isInside(path) && host.fileExists(path)),
    readFile: (path) => files.get(path) ?? host.readFile(path),
    directoryExists: (path) => isInside(path) || host.directoryExists?.(path) === true,
    getSourceFile: (path, ...rest) => {
      const text = files.get(path);
      if (text === undefined) return host.getSourceFile(path, ...rest);
      return ts.createSourceFile(path, text, rest[0], true);
    },
  };
}

function readEntryPoint(program: ts.Program, name: string, path: string): EntryPoint {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(path);
  const symbol = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (source === undefined || symbol === undefined) throw new Error(`${path} is no module.`);
  const exported = checker.getExportsOfModule(symbol).map((alias) => toPublicExport(alias, checker));
  return {
    name,
    exports: exported.sort((one, other) => (one.name < other.name ? -1 : 1)),
    text: printer.printFile(source),
  };
}

function toPublicExport(alias: ts.Symbol, checker: ts.TypeChecker): PublicExport {
  const target = resolveAlias(alias, checker);
  const isValue = (target.flags & ts.SymbolFlags.Value) !== 0 && !isTypeOnly(alias);
  const declarations = target.declarations ?? [];
  const shown = declarations.map(withoutPrivateMembers);
  const file = declarations[0]?.getSourceFile();
  if (file === undefined) throw new Error(`${alias.name} is declared nowhere.`);
  return {
    name: alias.name,
    kind: isValue ? 'value' : 'type',
    file: toSourcePath(file),
    text: shown.map((node) => printer.printNode(ts.EmitHint.Unspecified, toStatement(node), file)).join('\n'),
    declarations,
    mentions: [...new Set(shown.flatMap((node) => readMentions(node, checker)))].sort(),
  };
}

function resolveAlias(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

function isTypeOnly(alias: ts.Symbol): boolean {
  return (alias.declarations ?? []).some(
    (node) => ts.isExportSpecifier(node) && ts.isTypeOnlyExportDeclaration(node),
  );
}

/** Says from which source a declaration was made: `lib/auth/auth.guard.ts`. */
function toSourcePath({ fileName }: ts.SourceFile): string {
  return `lib/${relative(DECLARATIONS, fileName)}`.replace(/\.d\.ts$/, '.ts');
}

/** Tells whether a member is for the class alone; of such a member the declarations show no type. */
export function isPrivate(member: ts.Node): boolean {
  const flags = ts.canHaveModifiers(member) ? ts.getModifiers(member) : [];
  const { name } = member as { readonly name?: ts.Node };
  return (
    flags?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) === true ||
    (name !== undefined && ts.isPrivateIdentifier(name))
  );
}

function withoutPrivateMembers(node: ts.Declaration): ts.Declaration {
  if (!ts.isClassDeclaration(node)) return node;
  const members = node.members.filter((member) => !isPrivate(member));
  const { modifiers, name, typeParameters, heritageClauses } = node;
  return ts.factory.updateClassDeclaration(node, modifiers, name, typeParameters, heritageClauses, members);
}

function toStatement(node: ts.Node): ts.Node {
  return ts.isVariableDeclaration(node) ? node.parent.parent : node;
}

function readMentions(root: ts.Node, checker: ts.TypeChecker): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    const named = readNamed(node);
    const symbol = named === undefined ? undefined : checker.getSymbolAtLocation(named);
    const target = symbol === undefined ? undefined : resolveAlias(symbol, checker);
    if (target !== undefined && isOwn(target)) names.push(target.name);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return names;
}

// The name of a type, a base class or what `typeof` asks about.
function readNamed(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  if (ts.isTypeQueryNode(node)) return node.exprName;
  return ts.isImportTypeNode(node) ? node.qualifier : undefined;
}

function isOwn({ flags, declarations = [] }: ts.Symbol): boolean {
  if ((flags & ts.SymbolFlags.TypeParameter) !== 0) return false;
  return declarations.some((node) => node.getSourceFile().fileName.startsWith(DECLARATIONS));
}
