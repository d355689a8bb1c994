// Reads TypeScript by the compiler of the project: decorators, imports, and what a source gives to NestFactory.
import { createRequire } from 'node:module';
import type * as ts from 'typescript';

export type TypeScript = Omit<typeof ts, 'default'>;

/** A name that a source imports: from where, and under which name it is exported there. */
export interface ImportedName {
  readonly module: string;
  readonly exported: string;
  readonly declaration: ts.ImportDeclaration;
}

/** Loads the `typescript` of a project; nothing, if it has none or one without this API. */
export function loadTypeScript(folder: string): TypeScript | undefined {
  try {
    const compiler = createRequire(`${folder}/package.json`)('typescript') as Partial<TypeScript>;
    const isWhole = [compiler.createSourceFile, compiler.getDecorators].every(
      (each) => typeof each === 'function',
    );
    return isWhole ? (compiler as TypeScript) : undefined;
  } catch {
    return undefined;
  }
}

/** Parses a source; nothing, if its syntax is wrong. */
export function parseSource(compiler: TypeScript, text: string): ts.SourceFile | undefined {
  const source = compiler.createSourceFile('source.ts', text, compiler.ScriptTarget.Latest, true);
  const { parseDiagnostics = [] } = source as { readonly parseDiagnostics?: readonly unknown[] };
  return parseDiagnostics.length === 0 ? source : undefined;
}

/** Returns the names that a source imports as values, by what they are called in it. */
export function readImports(compiler: TypeScript, source: ts.SourceFile): ReadonlyMap<string, ImportedName> {
  const names = new Map<string, ImportedName>();
  for (const declaration of source.statements) {
    if (!compiler.isImportDeclaration(declaration)) continue;
    const { importClause, moduleSpecifier } = declaration;
    if (importClause === undefined || !compiler.isStringLiteral(moduleSpecifier)) continue;
    const from = { module: moduleSpecifier.text, declaration };
    if (/^import\s+type\s+(?!from\b)/.test(declaration.getText())) continue;
    if (importClause.name) names.set(importClause.name.text, { ...from, exported: 'default' });
    const { namedBindings } = importClause;
    if (namedBindings === undefined || !compiler.isNamedImports(namedBindings)) continue;
    for (const { name, propertyName, isTypeOnly } of namedBindings.elements)
      if (!isTypeOnly) names.set(name.text, { ...from, exported: (propertyName ?? name).text });
  }
  return names;
}

/** Returns the name that a source has for an export of a module. */
export function findLocalName(
  names: ReadonlyMap<string, ImportedName>,
  module: string,
  exported: string,
): string | undefined {
  return [...names].find(([, name]) => name.module === module && name.exported === exported)?.[0];
}

/** Returns the module class that a source gives to `NestFactory.create` and its like, by its name there. */
export function findBootedModule(compiler: TypeScript, source: ts.SourceFile): string | undefined {
  let found: string | undefined;
  const visit = (node: ts.Node): void => {
    if (found !== undefined) return;
    if (compiler.isCallExpression(node) && compiler.isPropertyAccessExpression(node.expression)) {
      const { expression: owner, name } = node.expression;
      const [argument] = node.arguments;
      const isFactory = owner.getText() === 'NestFactory' && /^create/.test(name.text);
      if (isFactory && argument && compiler.isIdentifier(argument)) found = argument.text;
    }
    compiler.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Returns the exported class of a source that is a module: the named one, or the only one. */
export function findModuleClass(
  compiler: TypeScript,
  text: string,
  className: string | undefined,
): string | undefined {
  const source = parseSource(compiler, text);
  if (source === undefined) return undefined;
  const names = source.statements
    .filter((statement) => compiler.isClassDeclaration(statement))
    .filter(({ modifiers }) => modifiers?.some(({ kind }) => kind === compiler.SyntaxKind.ExportKeyword))
    .filter((statement) =>
      compiler.getDecorators(statement)?.some(({ expression }) => /^Module\(/.test(expression.getText())),
    )
    .map(({ name }) => name?.text);
  return className === undefined && names.length === 1 ? names[0] : names.find((name) => name === className);
}
