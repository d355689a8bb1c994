// The text of a schema in, a checked schema out.
import { FgaError, hasName, toKindText } from './schema.js';
import type { Expression, FgaSchema, FgaType, TargetKind } from './schema.js';
import { Words } from './words.js';

/** Reads a schema; throws an FgaError that says what is wrong. */
export function parseSchema(dsl: string): FgaSchema {
  const words = new Words(dsl);
  const types = new Map<string, FgaType>();
  while (words.next !== '') {
    words.expect('type');
    const name = words.name();
    if (types.has(name)) throw new FgaError(`The type ${name} stands twice`);
    types.set(name, readType(words, name));
  }
  for (const [name, type] of types) assertNames(types, name, type);
  return { dsl, types };
}

function readType(words: Words, typeName: string): FgaType {
  const relations = new Map<string, readonly TargetKind[]>();
  const permissions = new Map<string, Expression>();
  const type = { relations, permissions };
  for (;;) {
    const isRelation = words.skip('relation');
    if (!isRelation && !words.skip('permission')) return type;
    const name = words.name();
    if (hasName(type, name)) throw new FgaError(`${typeName} has two of the name ${name}`);
    words.expect(':');
    if (isRelation) relations.set(name, readTargets(words));
    else permissions.set(name, readSum(words));
  }
}

function readTargets(words: Words): readonly TargetKind[] {
  const targets: TargetKind[] = [];
  do {
    const type = words.name();
    targets.push({ type, relation: words.skip('#') ? words.name() : undefined });
  } while (words.skip('|'));
  return targets;
}

// `&` binds first; `|` and `-` are taken from left to right.
function readSum(words: Words): Expression {
  let left = readProduct(words);
  for (;;) {
    if (words.skip('|')) left = { kind: '|', left, right: readProduct(words) };
    else if (words.skip('-')) left = { kind: '-', left, right: readProduct(words) };
    else return left;
  }
}

function readProduct(words: Words): Expression {
  let left = readTerm(words);
  while (words.skip('&')) left = { kind: '&', left, right: readTerm(words) };
  return left;
}

function readTerm(words: Words): Expression {
  if (words.skip('(')) {
    const inner = readSum(words);
    words.expect(')');
    return inner;
  }
  const name = words.name();
  return words.skip('.') ? { kind: 'arrow', through: name, name: words.name() } : { kind: 'name', name };
}

type Types = ReadonlyMap<string, FgaType>;

function assertNames(types: Types, typeName: string, type: FgaType): void {
  for (const target of [...type.relations.values()].flat()) {
    const found = types.get(target.type);
    if (found && (target.relation === undefined || hasName(found, target.relation))) continue;
    throw new FgaError(`${typeName} names ${toKindText(target)}, which is not in the schema`);
  }
  for (const expression of type.permissions.values()) assertKnown(types, type, expression);
}

function assertKnown(types: Types, type: FgaType, expression: Expression): void {
  if (expression.kind === 'name') {
    if (!hasName(type, expression.name)) throw new FgaError(`There is no ${expression.name}`);
    return;
  }
  if (expression.kind !== 'arrow') {
    assertKnown(types, type, expression.left);
    assertKnown(types, type, expression.right);
    return;
  }
  const { through, name } = expression;
  const targets = type.relations.get(through) ?? [];
  if (targets.some((target) => hasName(types.get(target.type), name))) return;
  throw new FgaError(`${through}.${name} leads nowhere`);
}
