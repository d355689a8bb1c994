// What the JSDoc of the public API leaves out: a sentence at every name and member, and tags where the signature does not say it.
import ts from 'typescript';
import type { PublicApi, PublicExport } from './public-api.js';
import { isPrivate } from './public-api.js';

/** Something that the documentation of a name lacks: `AuthGuard.canActivate: @returns`. */
export interface DocFlaw {
  /** The source file of the name. */
  readonly file: string;
  readonly text: string;
}

/** Lists what is missing, sorted, each once. */
export function readDocFlaws({ entryPoints, sources }: PublicApi): readonly DocFlaw[] {
  const isThrowing = findThrowing(sources);
  const flaws = entryPoints.flatMap(({ exports }) =>
    exports.flatMap((item) =>
      readFlaws(item, isThrowing).map((text) => ({ file: item.file, text: `${item.name}${text}` })),
    ),
  );
  const byText = new Map(flaws.map((flaw) => [`${flaw.file} ${flaw.text}`, flaw]));
  return [...byText].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, flaw]) => flaw);
}

function readFlaws({ name, file, declarations }: PublicExport, isThrowing: IsThrowing): string[] {
  const documented = declarations.find((node) => readComment(node) !== undefined) ?? declarations[0];
  const own = documented === undefined ? [] : readNodeFlaws(documented, () => isThrowing(`${file} ${name}`));
  const ofMembers = declarations.flatMap((node) =>
    readMembers(node).flatMap((member) => {
      const label = `${name}.${member.name?.getText() ?? 'call'}`;
      const isOption = /(?:Options|Extras|Settings)$/.test(name);
      const flaws = [
        ...readNodeFlaws(member, () => isThrowing(`${file} ${label}`)),
        ...(isOption ? readDefaultFlaw(member) : []),
      ];
      return flaws.map((flaw) => label.slice(name.length) + flaw);
    }),
  );
  return [...own, ...ofMembers];
}

function readNodeFlaws(node: ts.Node, isThrowing: () => boolean): string[] {
  const comment = readComment(node);
  if (comment === undefined) return isOverload(node) ? [] : [': JSDoc'];
  return [
    ...(returnsSomething(node) && !hasTag(node, 'returns') ? [': @returns'] : []),
    ...(!hasTag(node, 'throws') && isThrowing() ? [': @throws'] : []),
    ...(/\b(?:Throws|Rejects)\b/.test(comment) ? [': "Throws" in prose, for @throws'] : []),
    ...(/\bdefaults? ?(?::|is\b)/i.test(comment) ? [': "Default" in prose, for @defaultValue'] : []),
  ];
}

function readDefaultFlaw(member: ts.NamedDeclaration): string[] {
  const isOptional = (member as { readonly questionToken?: ts.Node }).questionToken !== undefined;
  return isOptional && !hasTag(member, 'defaultValue') ? [': @defaultValue'] : [];
}

/** Lists the members that a user sees: of classes without private ones and constructors. */
function readMembers(node: ts.Declaration): readonly ts.NamedDeclaration[] {
  if (ts.isClassDeclaration(node))
    return node.members.filter((member) => !isPrivate(member) && !ts.isConstructorDeclaration(member));
  if (ts.isInterfaceDeclaration(node)) return node.members.filter(isNamed);
  return ts.isTypeAliasDeclaration(node) ? readLiteralMembers(node.type) : [];
}

// Of `{ … }`, and of unions and intersections of such.
function readLiteralMembers(type: ts.TypeNode): readonly ts.NamedDeclaration[] {
  if (ts.isTypeLiteralNode(type)) return type.members.filter(isNamed);
  const isCompound = ts.isUnionTypeNode(type) || ts.isIntersectionTypeNode(type);
  return isCompound ? type.types.flatMap(readLiteralMembers) : [];
}

function isNamed(member: ts.TypeElement): boolean {
  return member.name !== undefined;
}

// The first of several signatures has the documentation of all.
function isOverload(node: ts.Node): boolean {
  if (!ts.isMethodDeclaration(node) && !ts.isMethodSignature(node)) return false;
  const siblings: readonly ts.NamedDeclaration[] = ts.isClassLike(node.parent) ? node.parent.members : [];
  const first = siblings.find((member) => member.name?.getText() === node.name.getText());
  return first !== undefined && first !== node;
}

function readComment(node: ts.Node): string | undefined {
  const comments = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = comments.map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '').join('\n');
  return text.trim() === '' ? undefined : text;
}

function hasTag(node: ts.Node, name: string): boolean {
  return ts.getJSDocTags(node).some(({ tagName }) => tagName.text === name);
}

// What says nothing of its own: no value, or a decorator.
const NO_RESULT = /^(?:void|never|(?:Maybe)?Promise<void>|void \| Promise<void>)$/;
const DECORATOR = /Decorator\b|^ParameterOf</;

function returnsSomething(node: ts.Node): boolean {
  const isFunction =
    ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isMethodSignature(node);
  const result = isFunction ? node.type?.getText() : undefined;
  return result !== undefined && !NO_RESULT.test(result) && !DECORATOR.test(result);
}

/**
 * Tells of a function, `lib/file.ts name` or `lib/file.ts Class.method`, whether it throws by itself or calls one of this
 * package that says so.
 */
type IsThrowing = (label: string) => boolean;

function findThrowing(program: ts.Program): IsThrowing {
  const checker = program.getTypeChecker();
  const byLabel = new Map<string, ts.Node[]>();
  for (const file of program.getSourceFiles().filter(({ fileName }) => isOwn(fileName))) {
    for (const { name, body } of readFunctions(file)) {
      const label = `lib/${file.fileName.split('/lib/').at(-1) ?? ''} ${name}`;
      byLabel.set(label, [...(byLabel.get(label) ?? []), body]);
    }
  }
  return (label) => byLabel.get(label)?.some((body) => throws(body, checker)) === true;
}

function isOwn(fileName: string): boolean {
  return fileName.startsWith(`${process.cwd()}/lib/`);
}

function readFunctions(file: ts.SourceFile): { readonly name: string; readonly body: ts.Node }[] {
  return file.statements.flatMap((statement) => {
    if (ts.isFunctionDeclaration(statement) && statement.name && statement.body)
      return [{ name: statement.name.text, body: statement.body }];
    if (!ts.isClassDeclaration(statement) || statement.name === undefined) return [];
    const type = statement.name.text;
    return statement.members.flatMap((member) =>
      ts.isMethodDeclaration(member) && member.body !== undefined
        ? [{ name: `${type}.${member.name.getText()}`, body: member.body }]
        : [],
    );
  });
}

function throws(node: ts.Node, checker: ts.TypeChecker): boolean {
  if (ts.isTryStatement(node) && node.catchClause !== undefined)
    return (
      throws(node.catchClause, checker) || (node.finallyBlock ? throws(node.finallyBlock, checker) : false)
    );
  if (ts.isThrowStatement(node)) return true;
  if (ts.isCallExpression(node) && saysThrows(node, checker)) return true;
  return ts.forEachChild(node, (child) => throws(child, checker) || undefined) === true;
}

// Which of several signatures is called takes the compiler long: only where one of them says so is it asked.
function saysThrows(call: ts.CallExpression, checker: ts.TypeChecker): boolean {
  const callee = checker.getApparentType(checker.getTypeAtLocation(call.expression));
  if (!callee.getCallSignatures().some(signatureSaysThrows)) return false;
  return signatureSaysThrows(checker.getResolvedSignature(call));
}

function signatureSaysThrows(signature: ts.Signature | undefined): boolean {
  const declaration: ts.Node | undefined = signature?.getDeclaration();
  if (declaration === undefined || !isOwn(declaration.getSourceFile().fileName)) return false;
  return hasTag(declaration, 'throws') || /\b(?:Throws|Rejects with)\b/.test(readComment(declaration) ?? '');
}
