// Answers whether somebody has a relation or a permission, by walking the relations along the schema.
import type { FgaRelations, FgaTarget, FgaTuple } from './relations.js';
import { FgaError, hasName, toKindText } from './schema.js';
import type { Expression, FgaSchema } from './schema.js';

/** Says whether what a tuple claims is so; throws an FgaError where the schema does not know the question. */
export function isAllowed(schema: FgaSchema, relations: FgaRelations, tuple: FgaTuple): boolean {
  const { resourceType: type, resource: id, relation } = tuple;
  if (!hasName(schema.types.get(type), relation)) {
    throw new FgaError(`The schema has neither a relation nor a permission ${type}#${relation}`);
  }
  return new Walk(schema, relations, tuple).has(type, id, relation);
}

class Walk {
  // What is being asked already: a cycle of relations answers nothing by itself.
  readonly #asked = new Set<string>();

  constructor(
    private readonly schema: FgaSchema,
    private readonly relations: FgaRelations,
    private readonly wanted: FgaTuple,
  ) {}

  has(type: string, id: string, name: string): boolean {
    const key = JSON.stringify([type, id, name]);
    if (this.#asked.has(key)) return false;
    this.#asked.add(key);
    const permission = this.schema.types.get(type)?.permissions.get(name);
    const answer = permission
      ? this.#follows(type, id, permission)
      : this.relations.targetsOf(type, id, name).some((target) => this.#reaches(target));
    this.#asked.delete(key);
    return answer;
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
    if (expression.kind === 'arrow') {
      const { through, name } = expression;
      return this.relations
        .targetsOf(type, id, through)
        .some((next) => next.relation === undefined && this.has(next.type, next.id, name));
    }
    const left = this.#follows(type, id, expression.left);
    if (expression.kind === '|') return left || this.#follows(type, id, expression.right);
    return left && this.#follows(type, id, expression.right) === (expression.kind === '&');
  }
}
