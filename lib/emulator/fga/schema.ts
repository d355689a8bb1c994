// Parses and checks the schema language of fine-grained authorization.
import type { JsonObject } from '../http/message.js';
import type { Condition, Constraints } from './conditions.js';
import { readCondition, readConstraint } from './conditions.js';
import { FgaError, Tokenizer } from './tokenizer.js';

/** A parsed schema of fine-grained authorization, with its source text. */
export interface FgaSchema {
  readonly dsl: string;
  readonly types: ReadonlyMap<string, FgaType>;
  /** The schema as it was saved in namespaces; absent for one that was parsed. */
  readonly document?: AuthzDocument | undefined;
}

/** A schema in namespaces, in the form of Descope's older API. */
export interface AuthzDocument {
  readonly name?: string | undefined;
  readonly namespaces: readonly JsonObject[];
}

/** A type of the schema; a permission may have the name of a relation, which it then widens. */
export interface FgaType {
  readonly relations: ReadonlyMap<string, readonly TargetKind[]>;
  readonly permissions: ReadonlyMap<string, Expression>;
  /** The conditions (`with`) of relations and permissions, by their names. */
  readonly conditions?: ReadonlyMap<string, Condition> | undefined;
}

/** The target of a relation: a type, or everything that has a relation to one (`group#member`). */
export interface TargetKind {
  readonly type: string;
  readonly relation?: string | undefined;
}

/** The condition of a permission. */
export type Expression =
  | { readonly kind: 'name'; readonly name: string }
  /** The relation of this name, as it was created. */
  | { readonly kind: 'self'; readonly name: string }
  | Arrow
  | Inverse
  | { readonly kind: Operator; readonly left: Expression; readonly right: Expression };

/** `parent.owner`: has `name` on a target of the relation `through`. */
export interface Arrow {
  readonly kind: 'arrow';
  readonly through: string;
  readonly name: string;
  /** The type of the target, where the relation does not say it. */
  readonly type?: string | undefined;
}

/** An arrow backwards: has `type#name` on a resource of the type `source` that has this one as its `through`. */
export interface Inverse {
  readonly kind: 'inverse';
  readonly source: string;
  readonly through: string;
  readonly type: string;
  readonly name: string;
}

/** Union, intersection and subtraction. */
export type Operator = '|' | '&' | '-';

/** Whether a type has a relation or a permission of this name. */
export function hasName(type: FgaType | undefined, name: string): boolean {
  return type !== undefined && (type.relations.has(name) || type.permissions.has(name));
}

/** Writes a target kind as the schema does. */
export function toKindText({ type, relation }: TargetKind): string {
  return relation === undefined ? type : `${type}#${relation}`;
}

/** Parses a schema; throws an FgaError that explains the mistake. */
export function parseSchema(dsl: string): FgaSchema {
  const tokens = new Tokenizer(dsl);
  const types = new Map<string, FgaType>();
  const constraints: Constraints = new Map();
  while (tokens.skip('constraint')) readConstraint(tokens, constraints);
  while (tokens.next !== '') {
    tokens.expect('type');
    const name = tokens.name();
    if (types.has(name)) throw new FgaError(`The type ${name} is defined twice`);
    types.set(name, readType(tokens, name, constraints));
  }
  for (const [name, type] of types) assertNames(types, name, type);
  return { dsl, types };
}

function readType(tokens: Tokenizer, typeName: string, constraints: Constraints): FgaType {
  const relations = new Map<string, readonly TargetKind[]>();
  const permissions = new Map<string, Expression>();
  const conditions = new Map<string, Condition>();
  const type = { relations, permissions, conditions };
  for (;;) {
    const isRelation = tokens.skip('relation');
    if (!isRelation && !tokens.skip('permission')) return type;
    const name = tokens.name();
    if (hasName(type, name)) throw new FgaError(`The type ${typeName} defines ${name} twice`);
    tokens.expect(':');
    if (isRelation) relations.set(name, readTargets(tokens));
    else permissions.set(name, tokens.expression(readSum));
    if (tokens.skip('with')) {
      const condition = tokens.expression(() => readCondition(tokens, constraints));
      conditions.set(name, condition);
    }
  }
}

function readTargets(tokens: Tokenizer): readonly TargetKind[] {
  const targets: TargetKind[] = [];
  do {
    const type = tokens.name();
    targets.push({ type, relation: tokens.skip('#') ? tokens.name() : undefined });
  } while (tokens.skip('|'));
  return targets;
}

// `&` binds most tightly; `|` and `-` are left-associative.
function readSum(tokens: Tokenizer): Expression {
  let left = readProduct(tokens);
  for (;;) {
    if (tokens.skip('|')) left = { kind: '|', left, right: readProduct(tokens) };
    else if (tokens.skip('-')) left = { kind: '-', left, right: readProduct(tokens) };
    else return left;
  }
}

function readProduct(tokens: Tokenizer): Expression {
  let left = readTerm(tokens);
  while (tokens.skip('&')) left = { kind: '&', left, right: readTerm(tokens) };
  return left;
}

function readTerm(tokens: Tokenizer): Expression {
  if (tokens.skip('(')) {
    const inner = readSum(tokens);
    tokens.expect(')');
    return inner;
  }
  const name = tokens.name();
  return tokens.skip('.') ? { kind: 'arrow', through: name, name: tokens.name() } : { kind: 'name', name };
}

type Types = ReadonlyMap<string, FgaType>;

function assertNames(types: Types, typeName: string, type: FgaType): void {
  for (const target of [...type.relations.values()].flat()) {
    const found = types.get(target.type);
    if (found && (target.relation === undefined || hasName(found, target.relation))) continue;
    throw new FgaError(`The type ${typeName} names ${toKindText(target)}, which is not in the schema`);
  }
  for (const expression of type.permissions.values()) assertKnown(types, type, expression);
}

function assertKnown(types: Types, type: FgaType, expression: Expression): void {
  if (expression.kind === 'name') {
    if (!hasName(type, expression.name))
      throw new FgaError(`Unknown relation or permission: ${expression.name}`);
    return;
  }
  if (expression.kind !== 'arrow') {
    if (expression.kind === 'self' || expression.kind === 'inverse') return; // of namespaces alone
    assertKnown(types, type, expression.left);
    assertKnown(types, type, expression.right);
    return;
  }
  const { through, name } = expression;
  const targets = type.relations.get(through) ?? [];
  if (targets.some((target) => hasName(types.get(target.type), name))) return;
  throw new FgaError(`${through}.${name} does not lead to a relation or permission`);
}
