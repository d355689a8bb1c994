// Evaluates checks: whether a target has a relation or permission, by the relations that exist, the schema and a context.
import type { Evaluation } from './conditions.js';
import { isMet } from './conditions.js';
import type { FgaRelations, FgaTarget, FgaTuple } from './relations.js';
import type { Expression, FgaSchema, Inverse } from './schema.js';
import { hasName, toKindText } from './schema.js';
import { FgaError } from './tokenizer.js';

/** The verdict of a check, and what Descope tells of conditions. */
export interface Verdict {
  readonly isAllowed: boolean;
  /** Whether a condition was evaluated. */
  readonly isConditional: boolean;
  /** The values that conditions lack. */
  readonly missing: readonly string[];
  readonly mistakes: readonly string[];
}

/** A check, with the values for the conditions of the schema. */
export interface Question {
  readonly tuple: FgaTuple;
  readonly context?: ReadonlyMap<string, unknown> | undefined;
}

/** Evaluates a check; throws an FgaError if the schema does not define the relation. */
export function judge(schema: FgaSchema, relations: FgaRelations, question: Question): Verdict {
  const { resourceType: type, resource: id, relation } = question.tuple;
  assertKnown(schema, type, relation);
  const walk = new Walk(schema, relations, question);
  return { isAllowed: walk.has(type, id, relation), ...walk.found };
}

/** Throws an FgaError if the schema defines neither a relation nor a permission of this name. */
export function assertKnown(schema: FgaSchema, type: string, name: string): void {
  if (hasName(schema.types.get(type), name)) return;
  throw new FgaError(`The schema has neither a relation nor a permission ${type}#${name}`);
}

class Walk {
  // The questions in progress: a cycle of relations alone grants nothing.
  readonly #visiting = new Set<string>();
  readonly #evaluation: Evaluation;
  #isConditional = false;
  // What a condition that cannot be evaluated counts as: what denies, so `true` where it is subtracted.
  #unknownCounts = false;

  constructor(
    private readonly schema: FgaSchema,
    private readonly relations: FgaRelations,
    private readonly question: Question,
  ) {
    const { context = new Map() } = question;
    this.#evaluation = { context, missing: new Set(), mistakes: new Set() };
  }

  get found(): Omit<Verdict, 'isAllowed'> {
    const { missing, mistakes } = this.#evaluation;
    return { isConditional: this.#isConditional, missing: [...missing], mistakes: [...mistakes] };
  }

  has(type: string, id: string, name: string): boolean {
    return this.#isMet(type, name) && this.#isGranted(type, id, name);
  }

  #isMet(type: string, name: string): boolean {
    const condition = this.schema.types.get(type)?.conditions?.get(name);
    if (condition === undefined) return true;
    this.#isConditional = true;
    return isMet(condition, this.#evaluation) ?? this.#unknownCounts;
  }

  #isGranted(type: string, id: string, name: string): boolean {
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
    const { target: id, targetType } = this.question.tuple;
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
      if (!this.#isMet(type, through)) return false;
      return this.relations
        .targetsOf(type, id, through)
        .some((next) => next.relation === undefined && this.has(expression.type ?? next.type, next.id, name));
    }
    if (expression.kind === 'inverse') return this.#hasOnSource(id, expression);
    const left = this.#follows(type, id, expression.left);
    if (expression.kind === '|') return left || this.#follows(type, id, expression.right);
    if (expression.kind === '&') return left && this.#follows(type, id, expression.right);
    return left && !this.#isSubtracted(type, id, expression.right);
  }

  #isSubtracted(type: string, id: string, expression: Expression): boolean {
    this.#unknownCounts = !this.#unknownCounts;
    const result = this.#follows(type, id, expression);
    this.#unknownCounts = !this.#unknownCounts;
    return result;
  }
}
