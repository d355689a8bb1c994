// The older form of a schema: namespaces with relation definitions, and how it becomes the schema of one engine.
import { readObject, readObjects, readString, requireString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import type { AuthzDocument, Expression, FgaSchema, FgaType, Operator, TargetKind } from './schema.js';
import { hasName, toKindText } from './schema.js';
import { FgaError } from './tokenizer.js';

// A definition does not say what its targets are; to `fga` they are users, but for those that an expression leads to.
const DEFAULT_TARGET = 'user';

/** Reads namespaces as a schema; throws an FgaError that explains the mistake. */
export function fromNamespaces(document: AuthzDocument): FgaSchema {
  const types = new Map<string, FgaType>();
  const targets = findTargets(document);
  for (const namespace of document.namespaces) {
    const name = requireString(namespace, 'name');
    if (types.has(name)) throw new FgaError(`The namespace ${name} is defined twice`);
    types.set(name, toType(namespace, name, targets));
  }
  const schema = { dsl: '', types, document };
  for (const [name, type] of types) {
    for (const expression of type.permissions.values()) assertKnown(types, name, expression);
  }
  return schema;
}

type Targets = ReadonlyMap<string, string>;

function toType(namespace: JsonObject, type: string, targets: Targets): FgaType {
  const relations = new Map<string, readonly TargetKind[]>();
  const permissions = new Map<string, Expression>();
  for (const definition of definitionsOf(namespace)) {
    const name = requireString(definition, 'name');
    if (relations.has(name)) throw new FgaError(`The namespace ${type} defines ${name} twice`);
    relations.set(name, [{ type: targets.get(`${type}#${name}`) ?? DEFAULT_TARGET }]);
    const node = readObject(definition, 'complexDefinition');
    if (node) permissions.set(name, toExpression(node, { type, name }));
  }
  return { relations, permissions };
}

/** A relation definition. */
interface DefinitionName {
  readonly type: string;
  readonly name: string;
}

const OPERATORS: Readonly<Record<string, Operator>> = { union: '|', intersect: '&', sub: '-' };

function toExpression(node: JsonObject, of: DefinitionName): Expression {
  const nType = requireString(node, 'nType');
  if (nType === 'child') return toChild(readObject(node, 'expression') ?? {}, of);
  const kind = Object.hasOwn(OPERATORS, nType) ? OPERATORS[nType] : undefined;
  if (!kind) throw new FgaError(`The nType ${nType} is none of child, union, intersect and sub`);
  const [first, ...rest] = (readObjects(node, 'children') ?? []).map((child) => toExpression(child, of));
  if (!first) throw new FgaError(`${of.type}#${of.name} has a node ${nType} without children`);
  return rest.reduce((left, right) => ({ kind, left, right }), first);
}

function toChild(expression: JsonObject, { type, name }: DefinitionName): Expression {
  const neType = requireString(expression, 'neType');
  if (neType === 'self') return { kind: 'self', name };
  const target = requireString(expression, 'targetRelationDefinition');
  const targetType = readString(expression, 'targetRelationDefinitionNamespace') ?? type;
  if (neType === 'targetSet') {
    if (targetType === type) return { kind: 'name', name: target };
    throw new FgaError(`The emulator has targetSet within one namespace alone, in ${type}#${name}`);
  }
  const through = requireString(expression, 'relationDefinition');
  const source = readString(expression, 'relationDefinitionNamespace') ?? type;
  if (neType === 'relationLeft') return { kind: 'inverse', source, through, type: targetType, name: target };
  if (neType === 'relationRight' && source === type) {
    return { kind: 'arrow', through, name: target, type: targetType };
  }
  throw new FgaError(`The emulator does not evaluate ${neType} of ${source} in ${type}#${name}`);
}

// The namespace that an expression finds behind a relation, by `type#relation`.
function findTargets({ namespaces }: AuthzDocument): Targets {
  const found = new Map<string, string>();
  for (const namespace of namespaces) {
    const type = requireString(namespace, 'name');
    for (const definition of definitionsOf(namespace)) {
      const node = readObject(definition, 'complexDefinition');
      for (const expression of node ? expressionsOf(node) : []) {
        const through = readString(expression, 'relationDefinition');
        if (through === undefined) continue;
        const source = readString(expression, 'relationDefinitionNamespace') ?? type;
        const isLeft = readString(expression, 'neType') === 'relationLeft';
        const target = readString(expression, 'targetRelationDefinitionNamespace') ?? type;
        found.set(`${source}#${through}`, isLeft ? type : target);
      }
    }
  }
  return found;
}

const MAX_DEPTH = 100; // what is nested deeper than the stack could not be checked

function expressionsOf(node: JsonObject, depth = 0): readonly JsonObject[] {
  if (depth > MAX_DEPTH) throw new FgaError('A complexDefinition is nested too deeply');
  const own = readObject(node, 'expression');
  const children = readObjects(node, 'children') ?? [];
  return [...(own ? [own] : []), ...children.flatMap((child) => expressionsOf(child, depth + 1))];
}

/** The relation definitions of a namespace. */
export function definitionsOf(namespace: JsonObject): readonly JsonObject[] {
  return readObjects(namespace, 'relationDefinitions') ?? [];
}

function assertKnown(types: ReadonlyMap<string, FgaType>, type: string, expression: Expression): void {
  if ('left' in expression) {
    assertKnown(types, type, expression.left);
    assertKnown(types, type, expression.right);
    return;
  }
  const named: DefinitionName[] = [{ type, name: expression.name }];
  if (expression.kind === 'arrow') {
    named.splice(
      0,
      1,
      { type, name: expression.through },
      { type: expression.type ?? type, name: expression.name },
    );
  }
  if (expression.kind === 'inverse') {
    named.splice(0, 1, { type: expression.source, name: expression.through }, expression);
  }
  const missing = named.find((one) => !hasName(types.get(one.type), one.name));
  if (missing)
    throw new FgaError(`The type ${type} names ${missing.type}#${missing.name}, which is not in the schema`);
}

/** Writes a parsed schema as namespaces: a relation is a plain definition, a permission a complex one. */
export function toNamespaces({ types }: FgaSchema): AuthzDocument {
  const conditional = [...types].find(([, { conditions }]) => (conditions?.size ?? 0) > 0);
  if (conditional) throw new FgaError(`Namespaces have no conditions, which the type ${conditional[0]} has`);
  return {
    namespaces: [...types].map(([name, type]) => ({
      name,
      relationDefinitions: [
        ...[...type.relations.keys()].map((relation) => ({ name: relation })),
        ...[...type.permissions].map(([permission, expression]) => ({
          name: permission,
          complexDefinition: toNode(types, name, expression),
        })),
      ],
    })),
  };
}

const NODES = { '|': 'union', '&': 'intersect', '-': 'sub' } as const;

function toNode(types: ReadonlyMap<string, FgaType>, type: string, expression: Expression): JsonObject {
  if ('left' in expression) {
    const children = [expression.left, expression.right].map((side) => toNode(types, type, side));
    return { nType: NODES[expression.kind], children };
  }
  const { name } = expression;
  if (expression.kind !== 'arrow') {
    return toChildNode({
      neType: 'targetSet',
      targetRelationDefinition: name,
      targetRelationDefinitionNamespace: type,
    });
  }
  const { through } = expression;
  const kinds = types.get(type)?.relations.get(through) ?? [];
  const nodes = kinds
    .filter((kind) => kind.relation === undefined && hasName(types.get(kind.type), name))
    .map((kind) =>
      toChildNode({
        neType: 'relationRight',
        relationDefinition: through,
        relationDefinitionNamespace: type,
        targetRelationDefinition: name,
        targetRelationDefinitionNamespace: toKindText(kind),
      }),
    );
  const [first, ...rest] = nodes;
  return first && rest.length === 0 ? first : { nType: 'union', children: nodes };
}

function toChildNode(expression: JsonObject): JsonObject {
  return { nType: 'child', expression };
}
