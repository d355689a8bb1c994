// Which relations there are: who is related to what.
import { FgaError, toKindText } from './schema.js';
import type { FgaSchema, TargetKind } from './schema.js';

/** A relation as Descope's API writes it. */
export interface FgaTuple {
  readonly resourceType: string;
  readonly resource: string;
  readonly relation: string;
  readonly targetType: string;
  readonly target: string;
}

/** Somebody or something, or all who have a relation to it. */
export interface FgaTarget extends TargetKind {
  readonly id: string;
}

/** A relation that the schema knows. */
export interface FgaRelation {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly target: FgaTarget;
}

/** Keeps relations, each once. */
export class FgaRelations {
  readonly #byKey = new Map<string, FgaRelation>();

  /** Adds a relation. */
  add(relation: FgaRelation): void {
    this.#byKey.set(toKey(relation), relation);
  }

  /** Removes a relation, if it is there. */
  remove(relation: FgaRelation): void {
    this.#byKey.delete(toKey(relation));
  }

  /** Removes those of a condition. */
  removeWhere(isGone: (relation: FgaRelation) => boolean): void {
    for (const [key, relation] of this.#byKey) if (isGone(relation)) this.#byKey.delete(key);
  }

  /** What a resource is related to, by one relation. */
  targetsOf(type: string, id: string, name: string): readonly FgaTarget[] {
    return [...this.#byKey.values()]
      .filter((relation) => relation.type === type && relation.id === id && relation.name === name)
      .map(({ target }) => target);
  }
}

/** Reads the relation of a tuple; throws an FgaError when the schema has no place for it. */
export function toRelation(schema: FgaSchema, tuple: FgaTuple): FgaRelation {
  const { resourceType: type, resource: id, relation: name } = tuple;
  const kinds = schema.types.get(type)?.relations.get(name);
  if (!kinds) throw new FgaError(`The schema has no relation ${type}#${name}`);
  const target = toTarget(tuple, kinds);
  if (!target) throw new FgaError(`${type}#${name} does not take ${tuple.targetType}`);
  return { type, id, name, target };
}

// How Descope writes a set of targets is not documented: `group#member` may stand in the type or after the id, and
// where the relation takes sets of a type alone, the type's name will do.
/** Reads the target of a tuple, for a relation that takes these kinds. */
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
