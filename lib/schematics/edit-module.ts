// Adds `DescopeModule.forRoot(…)` to the source of a root module: a text becomes a text, or nothing is touched.
import type * as ts from 'typescript';
import { toLineBreak } from './project-tree.js';
import type { ImportedName, TypeScript } from './read-source.js';
import { findLocalName, parseSource, readImports } from './read-source.js';
import type { ListPlace, TextEdit } from './text-edits.js';
import { appendItem, applyEdits, fitsOneLine, hasComment, replaceItem, toIndentStep } from './text-edits.js';

const PACKAGE = 'nestjs-descope';

/** Options of `forRoot` that are asked for, as source code. */
export interface WantedOption {
  readonly name: 'session' | 'routes';
  readonly value: string;
}

/** What is to be done to a module. */
export interface ModuleChange {
  /** The name of the class; without one, the only module of the source. */
  readonly className: string | undefined;
  readonly options: readonly WantedOption[];
}

/** A changed source, one that has all of it, or the reason why it must be changed by hand. */
export type ModuleResult =
  | { readonly kind: 'changed'; readonly text: string }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'by-hand'; readonly reason: string };

/** Adds the import and the entry to a source, unless it has them. */
export function addToModule(compiler: TypeScript, text: string, change: ModuleChange): ModuleResult {
  const source = parseSource(compiler, text);
  if (source === undefined) return byHand('its syntax is not valid');
  const module: ModuleSource = { compiler, text, source, names: readImports(compiler, source) };
  const metadata = findMetadata(module, change.className);
  if (typeof metadata === 'string') return byHand(metadata);
  const known = findLocalName(module.names, PACKAGE, 'DescopeModule');
  const entry = known === undefined ? undefined : findEntry(module, metadata, known);
  if (entry !== undefined) return addOptions(module, entry, change.options);
  if (known !== undefined && isUsed(module, known)) return unchangedUnless(change.options);
  if (known === undefined && isTaken(module)) return byHand('its DescopeModule is another one');
  const place = findPlace(module, metadata);
  if (typeof place === 'string') return byHand(place);
  const lines = toEntry(known ?? 'DescopeModule', change.options, toIndentStep(text));
  const edits = [...place(lines), ...(known === undefined ? [toImport(module)] : [])];
  return { kind: 'changed', text: applyEdits(text, edits) };
}

/** Returns the lines of the entry in `imports`. */
export function toEntry(name: string, options: readonly WantedOption[], step: string): readonly string[] {
  const members = options.map(({ name: option, value }) => `${option}: ${value}`);
  if (members.length > 1) return [`${name}.forRoot({`, ...members.map((member) => `${step}${member},`), '})'];
  return [`${name}.forRoot(${members.length === 0 ? '' : `{ ${members.join('')} }`})`];
}

interface ModuleSource {
  readonly compiler: TypeScript;
  readonly text: string;
  readonly source: ts.SourceFile;
  readonly names: ReadonlyMap<string, ImportedName>;
}

/** Returns the object given to `@Module`, or why there is none. */
function findMetadata(
  module: ModuleSource,
  className: string | undefined,
): ts.ObjectLiteralExpression | string {
  const { compiler, source } = module;
  const decorator = findLocalName(module.names, '@nestjs/common', 'Module');
  if (decorator === undefined) return 'it does not import Module from @nestjs/common';
  const calls = source.statements
    .filter((statement) => compiler.isClassDeclaration(statement))
    .filter(({ name }) => className === undefined || name?.text === className)
    .flatMap((statement) => compiler.getDecorators(statement) ?? [])
    .map(({ expression }) => expression)
    .filter((expression) => compiler.isCallExpression(expression))
    .filter(({ expression }) => expression.getText() === decorator);
  const [call] = calls;
  if (call === undefined) return `it has no class ${className ?? ''} with @${decorator}()`.replace('  ', ' ');
  if (calls.length > 1) return 'it has several modules';
  const [metadata] = call.arguments;
  if (metadata !== undefined && compiler.isObjectLiteralExpression(metadata)) return metadata;
  return `what is given to @${decorator}() is not an object literal`;
}

function findImports(
  { compiler }: ModuleSource,
  metadata: ts.ObjectLiteralExpression,
): ts.ObjectLiteralElementLike | undefined {
  return metadata.properties.find(
    ({ name }) =>
      name !== undefined &&
      (compiler.isIdentifier(name) || compiler.isStringLiteral(name)) &&
      name.text === 'imports',
  );
}

/** Returns how lines are added to `imports`, or why they cannot be. */
function findPlace(
  module: ModuleSource,
  metadata: ts.ObjectLiteralExpression,
): ((lines: readonly string[]) => readonly TextEdit[]) | string {
  const { compiler, text } = module;
  const property = findImports(module, metadata);
  if (property !== undefined) {
    const isList =
      compiler.isPropertyAssignment(property) && compiler.isArrayLiteralExpression(property.initializer);
    if (!isList) return 'its imports are not an array literal';
    const list = toList(property.initializer.elements, property.initializer, '');
    return (lines) => appendItem(text, list, lines);
  }
  if (metadata.properties.some((each) => compiler.isSpreadAssignment(each)))
    return 'its metadata are spread from elsewhere';
  const list = toList(metadata.properties, metadata, ' ');
  return ([first = '', ...others]) => {
    const step = toIndentStep(text);
    const entry =
      others.length === 0
        ? [`imports: [${first}]`]
        : ['imports: [', ...[first, ...others].map((line) => step + line), ']'];
    if (others.length > 0) entry[entry.length - 2] += ',';
    return appendItem(text, list, entry);
  };
}

function toList(items: ts.NodeArray<ts.Node>, node: ts.Node, padding: '' | ' '): ListPlace {
  return { items, open: node.getStart() + 1, close: node.getEnd() - 1, padding };
}

interface Entry {
  readonly call: ts.CallExpression;
  readonly list: ListPlace;
}

/** Returns the call of `DescopeModule` in `imports`. */
function findEntry(
  module: ModuleSource,
  metadata: ts.ObjectLiteralExpression,
  name: string,
): Entry | undefined {
  const { compiler } = module;
  const property = findImports(module, metadata);
  if (property === undefined || !compiler.isPropertyAssignment(property)) return undefined;
  const { initializer } = property;
  if (!compiler.isArrayLiteralExpression(initializer)) return undefined;
  const call = initializer.elements
    .filter((element) => compiler.isCallExpression(element))
    .find(({ expression }) => expression.getText().startsWith(`${name}.`));
  return call && { call, list: toList(initializer.elements, initializer, '') };
}

/** Adds to an entry what it does not have of the wanted options. */
function addOptions(
  module: ModuleSource,
  { call, list }: Entry,
  wanted: readonly WantedOption[],
): ModuleResult {
  const { compiler, text } = module;
  if (wanted.length === 0) return { kind: 'unchanged' };
  const [given, ...others] = call.arguments;
  const callee = call.expression.getText();
  if (!callee.endsWith('.forRoot') || others.length > 0)
    return byHand('the options of its DescopeModule are not given to forRoot()');
  if (given === undefined) {
    const lines = toEntry(callee.replace(/\.forRoot$/, ''), wanted, toIndentStep(text));
    return { kind: 'changed', text: applyEdits(text, [replaceItem(text, list, { item: call, lines })]) };
  }
  if (!compiler.isObjectLiteralExpression(given))
    return byHand('the options of its DescopeModule are not a literal');
  const names = given.properties.map(({ name }) => name?.getText().replace(/^['"]|['"]$/g, ''));
  const missing = wanted.filter(({ name }) => !names.includes(name));
  if (missing.length === 0) return { kind: 'unchanged' };
  if (names.includes(undefined)) return byHand('the options of its DescopeModule are spread from elsewhere');
  const added = missing.map(({ name, value }) => `${name}: ${value}`);
  return { kind: 'changed', text: applyEdits(text, addMembers(module, { call, list }, { given, added })) };
}

function addMembers(
  { text }: ModuleSource,
  { call, list }: Entry,
  { given, added }: { readonly given: ts.ObjectLiteralExpression; readonly added: readonly string[] },
): readonly TextEdit[] {
  const members = toList(given.properties, given, ' ');
  const texts = [...given.properties.map((property) => property.getText()), ...added];
  const isOneLine = !given.getText().includes('\n') && !hasComment(text, members);
  if (!isOneLine || fitsOneLine(text, members, texts.join(', '))) {
    const lines = added.map((member, index) => (index < added.length - 1 ? `${member},` : member));
    return appendItem(text, members, isOneLine ? [lines.join(' ')] : lines);
  }
  const step = toIndentStep(text);
  const [before, after] = [
    text.slice(call.getStart(), members.open),
    text.slice(members.close, call.getEnd()),
  ];
  const lines = [before, ...texts.map((member) => `${step}${member},`), after];
  return [replaceItem(text, list, { item: call, lines })];
}

// By its own name in an expression: its import alone does nothing.
function isUsed({ compiler, source }: ModuleSource, name: string): boolean {
  const uses = (node: ts.Node): boolean =>
    !compiler.isImportDeclaration(node) &&
    ((compiler.isIdentifier(node) && node.text === name) ||
      (compiler.forEachChild(node, (child) => uses(child) || undefined) ?? false));
  return uses(source);
}

function isTaken(module: ModuleSource): boolean {
  return module.names.has('DescopeModule') || isUsed(module, 'DescopeModule');
}

function unchangedUnless(wanted: readonly WantedOption[]): ModuleResult {
  return wanted.length === 0 ? { kind: 'unchanged' } : byHand('its DescopeModule is not in imports itself');
}

/** Returns the import of `DescopeModule`: within one of this package, or behind those of packages. */
function toImport(module: ModuleSource): TextEdit {
  const { compiler, text, source } = module;
  const own = [...module.names.values()].find(({ module: from }) => from === PACKAGE)?.declaration;
  const bindings = own?.importClause?.namedBindings;
  if (bindings !== undefined && compiler.isNamedImports(bindings)) {
    const start = bindings.elements[0]?.getStart() ?? bindings.getStart() + 1;
    return { start, end: start, text: 'DescopeModule, ' };
  }
  const declarations = source.statements.filter((each) => compiler.isImportDeclaration(each));
  const before = declarations.findLast(({ moduleSpecifier }) => /^['"][^./]/.test(moduleSpecifier.getText()));
  return toImportLine(text, before ?? source); // there is one: that of Module
}

function toImportLine(text: string, before: ts.Node): TextEdit {
  const [, quote = "'", semicolon = ''] = /(['"])\s*(;?)$/.exec(before.getText()) ?? [];
  const line = `import { DescopeModule } from ${quote}${PACKAGE}${quote}${semicolon}`;
  const start = text.indexOf('\n', before.getEnd()) + 1;
  return { start, end: start, text: line + toLineBreak(text) };
}

function byHand(reason: string): ModuleResult {
  return { kind: 'by-hand', reason };
}
