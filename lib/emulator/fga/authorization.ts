// The fine-grained authorization of a project: its schema, the relations that fit it, and the checks.
import type { Expression, FgaSchema, TargetKind } from './schema.js';
import { FgaError, hasName, parseSchema, toKindText } from './schema.js';

/** What a new schema would delete. */
interface SchemaDeletes {
  /** Written `type#relation`. */
  readonly relations: readonly string[];
  readonly types: readonly string[];
}

/** Holds a schema and relations, and answers checks. */
export class Authorization {
  #schema: FgaSchema | undefined;
  readonly #relations = new FgaRelations();

  /** The text of the schema; empty without one. */
  get dsl(): string {
    return this.#schema?.dsl ?? '';
  }

  /** Sets the schema; relations that are gone or take other targets now lose what they held. */
  save(dsl: string): void {
    const schema = parseSchema(dsl);
    const gone = new Set(findDeletes(this.#schema, schema).relations);
    this.#relations.removeWhere(({ type, name }) => gone.has(`${type}#${name}`));
    this.#schema = schema;
  }

  /** What `save` would delete. */
  preview(dsl: string): SchemaDeletes {
    return findDeletes(this.#schema, parseSchema(dsl));
  }

  /** Forgets schema and relations. */
  clear(): void {
    this.#schema = undefined;
    this.clearRelations();
  }

  /** Adds relations: all of them, or none where one does not fit. */
  add(tuples: readonly FgaTuple[]): void {
    const schema = this.#requireSchema();
    for (const relation of tuples.map((tuple) => toRelation(schema, tuple))) this.#relations.add(relation);
  }

  /** Removes relations. */
  remove(tuples: readonly FgaTuple[]): void {
    const schema = this.#requireSchema();
    for (const relation of tuples.map((tuple) => toRelation(schema, tuple))) this.#relations.remove(relation);
  }

  /** Forgets all relations. */
  clearRelations(): void {
    this.#relations.removeWhere(() => true);
  }

  /** Answers a check. */
  isAllowed(tuple: FgaTuple): boolean {
    return isAllowed(this.#requireSchema(), this.#relations, tuple);
  }

  #requireSchema(): FgaSchema {
    if (!this.#schema) throw new FgaError('The project has no authorization schema');
    return this.#schema;
  }
}

function findDeletes(old: FgaSchema | undefined, next: FgaSchema): SchemaDeletes {
  const types = [...(old?.types ?? [])];
  const relations = types.flatMap(([type, { relations: named }]) =>
    [...named]
      .filter(([name, kinds]) => toText(kinds) !== toText(next.types.get(type)?.relations.get(name)))
      .map(([name]) => `${type}#${name}`),
  );
  return { relations, types: types.map(([name]) => name).filter((name) => !next.types.has(name)) };
}

function toText(kinds: readonly Parameters<typeof toKindText>[0][] | undefined): string {
  return kinds?.map(toKindText).sort().join('|') ?? '';
}

/** Says whether what a tuple claims is so; throws an FgaError where the schema does not know the question. */
function isAllowed(schema: FgaSchema, relations: FgaRelations, tuple: FgaTuple): boolean {
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

/** A relation as Descope's API writes it. */
export interface FgaTuple {
  readonly resourceType: string;
  readonly resource: string;
  readonly relation: string;
  readonly targetType: string;
  readonly target: string;
}

/** Somebody or something, or all who have a relation to it. */
interface FgaTarget extends TargetKind {
  readonly id: string;
}

/** A relation that the schema knows. */
interface FgaRelation {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly target: FgaTarget;
}

/** Keeps relations, each once. */
class FgaRelations {
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
function toRelation(schema: FgaSchema, tuple: FgaTuple): FgaRelation {
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
