// Evaluates checks: whether a target has a relation or permission, by the relations that exist and the schema.
import type { FgaRelations, FgaTarget, FgaTuple } from './relations.js';
import type { Expression, FgaSchema, Inverse } from './schema.js';
import { FgaError, hasName, toKindText } from './schema.js';

/** Whether a target has a relation or permission; throws an FgaError if the schema does not define it. */
export function isAllowed(schema: FgaSchema, relations: FgaRelations, tuple: FgaTuple): boolean {
  const { resourceType: type, resource: id, relation } = tuple;
  assertKnown(schema, type, relation);
  return new Walk(schema, relations, tuple).has(type, id, relation);
}

/** Throws an FgaError if the schema defines neither a relation nor a permission of this name. */
export function assertKnown(schema: FgaSchema, type: string, name: string): void {
  if (hasName(schema.types.get(type), name)) return;
  throw new FgaError(`The schema has neither a relation nor a permission ${type}#${name}`);
}

class Walk {
  // The questions in progress: a cycle of relations alone grants nothing.
  readonly #visiting = new Set<string>();

  constructor(
    private readonly schema: FgaSchema,
    private readonly relations: FgaRelations,
    private readonly wanted: FgaTuple,
  ) {}

  has(type: string, id: string, name: string): boolean {
    const key = JSON.stringify([type, id, name]);
    if (this.#visiting.has(key)) return false;
    this.#visiting.add(key);
    const permission = this.schema.types.get(type)?.permissions.get(name);
    const isGranted = permission ? this.#follows(type, id, permission) : this.#isRelated(type, id, name);
    this.#visiting.delete(key);
    return isGranted;
  }

  #isRelated(type: string, id: string, name: string): boolean {
    return this.relations.targetsOf(type, id, name).some((target) => this.#reaches(target));
  }

  #hasOnSource(id: string, { source, through, type, name }: Inverse): boolean {
    return this.relations.all
      .filter((relation) => relation.type === source && relation.name === through)
      .filter(({ target }) => target.relation === undefined && target.id === id)
      .some((relation) => this.has(type, relation.id, name));
  }

  #reaches(target: FgaTarget): boolean {
    const { target: id, targetType } = this.wanted;
    const { relation } = target;
    if (target.id === id && toKindText(target) === targetType) return true;
    if (relation === undefined) return false;
    return `${target.id}#${relation}` === id && target.type === targetType
      ? true
      : this.has(target.type, target.id, relation);
  }

  #follows(type: string, id: string, expression: Expression): boolean {
    if (expression.kind === 'name') return this.has(type, id, expression.name);
    if (expression.kind === 'self') return this.#isRelated(type, id, expression.name);
    if (expression.kind === 'arrow') {
      const { through, name } = expression;
      return this.relations
        .targetsOf(type, id, through)
        .some((next) => next.relation === undefined && this.has(expression.type ?? next.type, next.id, name));
    }
    if (expression.kind === 'inverse') return this.#hasOnSource(id, expression);
    const left = this.#follows(type, id, expression.left);
    if (expression.kind === '|') return left || this.#follows(type, id, expression.right);
    return left && this.#follows(type, id, expression.right) === (expression.kind === '&');
  }
}
