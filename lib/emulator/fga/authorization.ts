// The fine-grained authorization of a project: its schema, the relations that fit it, and the checks.
import type { Expression, FgaSchema, TargetKind } from './schema.js';
import { FgaError, hasName, parseSchema, toKindText } from './schema.js';

/** What a new schema deletes. */
interface SchemaDeletes {
  /** Written `type#relation`. */
  readonly relations: readonly string[];
  readonly types: readonly string[];
}

/** Keeps a schema and relations, and evaluates checks. */
export class Authorization {
  #schema: FgaSchema | undefined;
  readonly #relations = new FgaRelations();

  /** The source text of the schema; an empty string without one. */
  get dsl(): string {
    return this.#schema?.dsl ?? '';
  }

  /** Sets the schema, and removes the relations that it no longer defines or whose targets it changes. */
  save(dsl: string): void {
    const schema = parseSchema(dsl);
    const gone = new Set(findDeletes(this.#schema, schema).relations);
    this.#relations.removeWhere(({ type, name }) => gone.has(`${type}#${name}`));
    this.#schema = schema;
  }

  /** Returns what `save` would delete. */
  preview(dsl: string): SchemaDeletes {
    return findDeletes(this.#schema, parseSchema(dsl));
  }

  /** Removes the schema and all relations. */
  clear(): void {
    this.#schema = undefined;
    this.clearRelations();
  }

  /** Adds relations; none of them if one does not match the schema. */
  add(tuples: readonly FgaTuple[]): void {
    const schema = this.#requireSchema();
    for (const relation of tuples.map((tuple) => toRelation(schema, tuple))) this.#relations.add(relation);
  }

  /** Removes relations. */
  remove(tuples: readonly FgaTuple[]): void {
    const schema = this.#requireSchema();
    for (const relation of tuples.map((tuple) => toRelation(schema, tuple))) this.#relations.remove(relation);
  }

  /** Removes all relations. */
  clearRelations(): void {
    this.#relations.removeWhere(() => true);
  }

  /** Evaluates a check. */
  isAllowed(tuple: FgaTuple): boolean {
    return isAllowed(this.#requireSchema(), this.#relations, tuple);
  }

  /** All relations. */
  get relations(): readonly FgaRelation[] {
    return this.#relations.all;
  }

  /** Adds relations whose targets have the type that the schema accepts; none of them if one does not match. */
  addUntyped(relations: readonly UntypedRelation[]): void {
    const schema = this.#requireSchema();
    for (const relation of relations.map((one) => withTargetType(schema, one))) this.#relations.add(relation);
  }

  /** Removes relations whose targets have the type that the schema accepts. */
  removeUntyped(relations: readonly UntypedRelation[]): void {
    const schema = this.#requireSchema();
    for (const relation of relations.map((one) => withTargetType(schema, one)))
      this.#relations.remove(relation);
  }

  /** Removes the relations that match a condition. */
  removeWhere(isGone: (relation: FgaRelation) => boolean): void {
    this.#relations.removeWhere(isGone);
  }

  /** The ids of the targets that have a relation or permission, each once. */
  targetsWith({ type, id, name }: FgaQuestion): readonly string[] {
    const schema = this.#requireSchema();
    assertKnown(schema, type, name);
    const direct = this.relations.flatMap(({ target }) => (target.relation === undefined ? [target] : []));
    const allowed = direct.filter((target) =>
      isAllowed(schema, this.#relations, {
        resourceType: type,
        resource: id,
        relation: name,
        targetType: target.type,
        target: target.id,
      }),
    );
    return [...new Set(allowed.map((target) => target.id))];
  }

  /** Every relation and permission of every resource that has a relation. */
  questions(): readonly FgaQuestion[] {
    const schema = this.#requireSchema();
    const resources = new Map(
      this.relations.map(({ type, id }) => [JSON.stringify([type, id]), { type, id }]),
    );
    return [...resources.values()].flatMap(({ type, id }) => {
      const { relations = new Map(), permissions = new Map() } = schema.types.get(type) ?? {};
      return [...relations.keys(), ...permissions.keys()].map((name: string) => ({ type, id, name }));
    });
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

/** Whether a target has a relation or permission; throws an FgaError if the schema does not define it. */
function isAllowed(schema: FgaSchema, relations: FgaRelations, tuple: FgaTuple): boolean {
  const { resourceType: type, resource: id, relation } = tuple;
  assertKnown(schema, type, relation);
  return new Walk(schema, relations, tuple).has(type, id, relation);
}

function assertKnown(schema: FgaSchema, type: string, name: string): void {
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
    const isGranted = permission
      ? this.#follows(type, id, permission)
      : this.relations.targetsOf(type, id, name).some((target) => this.#reaches(target));
    this.#visiting.delete(key);
    return isGranted;
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

/** A relation in the form of Descope's API. */
export interface FgaTuple {
  readonly resourceType: string;
  readonly resource: string;
  readonly relation: string;
  readonly targetType: string;
  readonly target: string;
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
interface FgaTarget extends TargetKind {
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
class FgaRelations {
  readonly #byKey = new Map<string, FgaRelation>();

  /** All relations, in the order of their creation. */
  get all(): readonly FgaRelation[] {
    return [...this.#byKey.values()];
  }

  /** Adds a relation. */
  add(relation: FgaRelation): void {
    this.#byKey.set(toKey(relation), relation);
  }

  /** Removes a relation, if it exists. */
  remove(relation: FgaRelation): void {
    this.#byKey.delete(toKey(relation));
  }

  /** Removes the relations that match a condition. */
  removeWhere(isGone: (relation: FgaRelation) => boolean): void {
    for (const [key, relation] of this.#byKey) if (isGone(relation)) this.#byKey.delete(key);
  }

  /** The targets of one relation of a resource. */
  targetsOf(type: string, id: string, name: string): readonly FgaTarget[] {
    return [...this.#byKey.values()]
      .filter((relation) => relation.type === type && relation.id === id && relation.name === name)
      .map(({ target }) => target);
  }
}

/** Reads the relation of a tuple; throws an FgaError if it does not match the schema. */
function toRelation(schema: FgaSchema, tuple: FgaTuple): FgaRelation {
  const { resourceType: type, resource: id, relation: name } = tuple;
  const kinds = schema.types.get(type)?.relations.get(name);
  if (!kinds) throw new FgaError(`The schema has no relation ${type}#${name}`);
  const target = toTarget(tuple, kinds);
  if (!target) throw new FgaError(`${type}#${name} does not accept targets of the type ${tuple.targetType}`);
  return { type, id, name, target };
}

function withTargetType(schema: FgaSchema, relation: UntypedRelation): FgaRelation {
  const { type, id, name, targetId, targetType, targetRelation } = relation;
  const kinds = schema.types.get(type)?.relations.get(name);
  if (!kinds) throw new FgaError(`The schema has no relation ${type}#${name}`);
  const kind = kinds.find(
    (known) => known.relation === targetRelation && (targetType === undefined || known.type === targetType),
  );
  if (!kind) throw new FgaError(`${type}#${name} does not accept such a target`);
  return { type, id, name, target: { ...kind, id: targetId } };
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
