// The sources of lib/ as the compiler reads them: what each file imports, and what it says.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import ts from 'typescript';

export interface Source {
  /** Path from the root of the project, such as `lib/core/errors.ts`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  /** What it imports, types included: paths of this project, or names of packages. */
  readonly imports: readonly string[];
}

/** Reads every source of a folder. */
export function readSources(folder: string): Source[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return names.sort().map((name) => readSource(posix.join(folder, name)));
}

/** Walks over all nodes of a tree. */
export function walk(tree: ts.Node, visit: (node: ts.Node) => void): void {
  visit(tree);
  tree.forEachChild((child) => walk(child, visit));
}

/** The files in which some node fits. */
export function findFiles(sources: readonly Source[], fits: (node: ts.Node) => boolean): string[] {
  return sources.filter(({ tree }) => hasNode(tree, fits)).map(({ path }) => path);
}

/** Tells whether a node calls a method or function of one of these names. */
export function isCallOf(node: ts.Node, ...names: string[]): boolean {
  if (!ts.isCallExpression(node)) return false;
  const callee = node.expression;
  const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee;
  return ts.isIdentifier(name) && names.includes(name.text);
}

/** Tells whether a node reads `owner.name`. */
export function isMember(node: ts.Node, owner: string, name: string): boolean {
  return (
    ts.isPropertyAccessExpression(node) && node.name.text === name && node.expression.getText() === owner
  );
}

/** Tells whether a node imports a value of this name from a module. */
export function isImportOf(node: ts.Node, module: string, name: string): boolean {
  if (!ts.isImportDeclaration(node) || node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
    return false;
  if (!ts.isStringLiteral(node.moduleSpecifier) || node.moduleSpecifier.text !== module) return false;
  const bindings = node.importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings)) return true; // a whole module holds every name
  return bindings.elements.some((element) => (element.propertyName ?? element.name).text === name);
}

function hasNode(tree: ts.Node, fits: (node: ts.Node) => boolean): boolean {
  return fits(tree) || tree.forEachChild((child) => hasNode(child, fits) || undefined) === true;
}

function readSource(path: string): Source {
  const text = readFileSync(path, 'utf8');
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: string[] = [];
  walk(tree, (node) => {
    const specifier = readSpecifier(node);
    if (specifier !== undefined) imports.push(resolve(path, specifier));
  });
  return { path, text, tree, imports };
}

function readSpecifier(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return toText(node.moduleSpecifier);
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? toText(node.argument.literal) : undefined;
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamic || isCallOf(node, 'require')
    ? toText((node as ts.CallExpression).arguments[0])
    : undefined;
}

function toText(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteral(node) ? node.text : undefined;
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return join(dirname(from), specifier).replaceAll('\\', '/').replace(/\.js$/, '.ts');
}
