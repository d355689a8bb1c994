// Types, read from the sources: they do not exist when a test runs.
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** Reads every type of a file that is a union of strings, by its name; a member of an interface as `Interface.member`. */
export function readStringUnions(path: string): ReadonlyMap<string, readonly string[]> {
  const types = parse(path).statements.flatMap((statement): [string, ts.TypeNode | undefined][] => {
    if (ts.isTypeAliasDeclaration(statement)) return [[statement.name.text, statement.type]];
    if (!ts.isInterfaceDeclaration(statement)) return [];
    return statement.members
      .filter(ts.isPropertySignature)
      .map(({ name, type }) => [`${statement.name.text}.${name.getText()}`, type]);
  });
  return new Map(
    types.map(([name, type]) => [name, readStrings(type)] as const).filter(([, list]) => list.length > 0),
  );
}

/** Reads the names of the members of an interface, properties and methods. */
export function readMemberNames(path: string, name: string): string[] {
  const found = parse(path)
    .statements.filter(ts.isInterfaceDeclaration)
    .find((statement) => statement.name.text === name);
  return (found?.members ?? []).flatMap((member) => member.name?.getText() ?? []);
}

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}

function readStrings(type: ts.TypeNode | undefined): readonly string[] {
  if (type === undefined || !ts.isUnionTypeNode(type)) return [];
  return type.types.flatMap((one) =>
    ts.isLiteralTypeNode(one) && ts.isStringLiteral(one.literal) ? [one.literal.text] : [],
  );
}
