// The relations of fine-grained authorization, and how they are read by a schema.
import type { FgaSchema, TargetKind } from './schema.js';
import { hasName, toKindText } from './schema.js';
import { FgaError } from './tokenizer.js';

/** A relation in the form of Descope's API. */
export interface FgaTuple {
  readonly resourceType: string;
  readonly resource: string;
  readonly relation: string;
  readonly targetType: string;
  readonly target: string;
}

/** A type, or with a name one of its relations. */
export interface FgaName {
  readonly type: string;
  readonly name?: string | undefined;
}

/** A relation or permission of a resource. */
export interface FgaQuestion {
  readonly type: string;
  readonly id: string;
  readonly name: string;
}

/** A relation that does not say which type its target has. */
export interface UntypedRelation extends FgaQuestion {
  readonly targetId: string;
  readonly targetType?: string | undefined;
  readonly targetRelation?: string | undefined;
}

/** A target, or everything that has a relation to it. */
export interface FgaTarget extends TargetKind {
  readonly id: string;
}

/** A relation that matches the schema. */
export interface FgaRelation {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly target: FgaTarget;
}

/** Keeps relations without duplicates. */
export class FgaRelations {
  readonly #byKey = new Map<string, FgaRelation>();

  constructor(private readonly onChange: (relation: FgaRelation) => void = () => undefined) {}

  /** All relations, in the order of their creation. */
  get all(): readonly FgaRelation[] {
    return [...this.#byKey.values()];
  }

  /** Adds a relation. */
  add(relation: FgaRelation): void {
    if (!this.#byKey.has(toKey(relation))) this.onChange(relation);
    this.#byKey.set(toKey(relation), relation);
  }

  /** Removes a relation, if it exists. */
  remove(relation: FgaRelation): void {
    if (this.#byKey.delete(toKey(relation))) this.onChange(relation);
  }

  /** Removes the relations that match a condition. */
  removeWhere(isGone: (relation: FgaRelation) => boolean): void {
    for (const relation of this.all) if (isGone(relation)) this.remove(relation);
  }

  /** Renames a type, or with a name one of its relations. */
  rename(from: FgaName, to: FgaName): void {
    const { all } = this;
    this.#byKey.clear();
    for (const relation of all) {
      const { type, name, target } = relation;
      const set = { type: target.type, name: target.relation };
      const renamed = { ...target, ...toTargetKind(toRenamed(set, from, to)) };
      const moved = { ...relation, ...toRenamed({ type, name }, from, to), target: renamed };
      this.#byKey.set(toKey(moved), moved);
    }
  }

  /** The targets of one relation of a resource. */
  targetsOf(type: string, id: string, name: string): readonly FgaTarget[] {
    return [...this.#byKey.values()]
      .filter((relation) => relation.type === type && relation.id === id && relation.name === name)
      .map(({ target }) => target);
  }
}

function toRenamed<T extends FgaName>(one: T, from: FgaName, to: FgaName): T {
  if (one.type !== from.type) return one;
  if (from.name === undefined) return { ...one, type: to.type };
  return one.name === from.name ? { ...one, name: to.name } : one;
}

function toTargetKind({ type, name }: FgaName): TargetKind {
  return { type, relation: name };
}

/** Reads the relation of a tuple; throws an FgaError if it does not match the schema. */
export function toRelation(schema: FgaSchema, tuple: FgaTuple): FgaRelation {
  const { resourceType: type, resource: id, relation: name } = tuple;
  const kinds = schema.types.get(type)?.relations.get(name);
  if (!kinds) throw new FgaError(`The schema has no relation ${type}#${name}`);
  const target = toTarget(tuple, kinds);
  if (!target) throw new FgaError(`${type}#${name} does not accept targets of the type ${tuple.targetType}`);
  return { type, id, name, target };
}

/** Completes a relation with the type of its target; throws an FgaError if it does not match the schema. */
export function withTargetType(schema: FgaSchema, relation: UntypedRelation): FgaRelation {
  const { type, id, name, targetId, targetType, targetRelation } = relation;
  const kinds = schema.types.get(type)?.relations.get(name);
  if (!kinds) throw new FgaError(`The schema has no relation ${type}#${name}`);
  const kind = schema.document
    ? toAnyKind(schema, relation)
    : kinds.find(
        (known) =>
          known.relation === targetRelation && (targetType === undefined || known.type === targetType),
      );
  if (!kind) throw new FgaError(`${type}#${name} does not accept such a target`);
  return { type, id, name, target: { ...kind, id: targetId } };
}

// A definition in a namespace does not say what its targets are.
function toAnyKind({ types }: FgaSchema, relation: UntypedRelation): TargetKind | undefined {
  const { type, name, targetType, targetRelation } = relation;
  if (targetRelation === undefined) return types.get(type)?.relations.get(name)?.[0];
  const isKnown = targetType !== undefined && hasName(types.get(targetType), targetRelation);
  return isKnown ? { type: targetType, relation: targetRelation } : undefined;
}

// How Descope writes a set of targets is not documented: `group#member` is accepted as the type and after the id, and
// where a relation takes only sets of a type, the name of the type suffices.
function toTarget({ target, targetType }: FgaTuple, kinds: readonly TargetKind[]): FgaTarget | undefined {
  const named = kinds.find((kind) => toKindText(kind) === targetType);
  const suffixed = kinds.find(
    ({ type, relation }) => relation !== undefined && type === targetType && target.endsWith(`#${relation}`),
  );
  if (suffixed) return { ...suffixed, id: target.slice(0, -`#${suffixed.relation}`.length) };
  const found = named ?? kinds.find(({ type }) => type === targetType);
  return found && { ...found, id: target };
}

function toKey({ type, id, name, target }: FgaRelation): string {
  return JSON.stringify([type, id, name, toKindText(target), target.id]);
}
