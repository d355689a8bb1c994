// The fine-grained authorization of a project: its schema, the relations that fit it, and the checks.
import { fromNamespaces, toNamespaces } from './namespaces.js';
import type { FgaName, FgaQuestion, FgaRelation, FgaTuple, UntypedRelation } from './relations.js';
import { FgaRelations, toRelation, withTargetType } from './relations.js';
import { ResourceDetails } from './resource-details.js';
import type { AuthzDocument, FgaSchema } from './schema.js';
import { parseSchema, toKindText } from './schema.js';
import { FgaError } from './tokenizer.js';
import type { Question, Verdict } from './walk.js';
import { assertKnown, judge } from './walk.js';

/** What a new schema deletes. */
interface SchemaDeletes {
  /** Written `type#relation`. */
  readonly relations: readonly string[];
  readonly types: readonly string[];
}

/** Keeps a schema and relations, and evaluates checks. */
export class Authorization {
  readonly details = new ResourceDetails();
  readonly #modified = new Map<string, number>();
  readonly #relations = new FgaRelations(({ id, target }) => {
    this.#modified.set(JSON.stringify(['resource', id]), this.now());
    if (target.relation === undefined) this.#modified.set(JSON.stringify(['target', target.id]), this.now());
  });
  #schema: FgaSchema | undefined;
  #schemaMs = -Infinity;

  /** Without a clock, `modifiedSince` has no dates. */
  constructor(private readonly now: () => number = () => 0) {}

  /** The source text of the schema; an empty string without one. */
  get dsl(): string {
    if (this.#schema?.document) {
      throw new FgaError('The schema was saved in namespaces: load it with authz.loadSchema');
    }
    return this.#schema?.dsl ?? '';
  }

  /** The schema in namespaces. */
  get document(): AuthzDocument {
    return this.#schema ? (this.#schema.document ?? toNamespaces(this.#schema)) : { namespaces: [] };
  }

  /** Sets the schema, and removes the relations that it no longer defines or whose targets it changes. */
  save(dsl: string): void {
    const schema = parseSchema(dsl);
    const gone = new Set(findDeletes(this.#schema, schema).relations);
    this.#relations.removeWhere(({ type, name }) => gone.has(`${type}#${name}`));
    this.#replace(schema);
  }

  /** Sets the schema in namespaces; relations follow a new name, and those that it no longer defines are removed. */
  saveDocument(document: AuthzDocument, renamed?: { readonly from: FgaName; readonly to: FgaName }): void {
    const schema = fromNamespaces(document);
    if (renamed) this.#relations.rename(renamed.from, renamed.to);
    const isDefined = (type: string, name: string) => schema.types.get(type)?.relations.has(name) === true;
    this.#relations.removeWhere(({ type, name, target }) => {
      const isSetGone = target.relation !== undefined && !isDefined(target.type, target.relation);
      return isSetGone || !isDefined(type, name);
    });
    this.#replace(schema);
  }

  /** What has changed since a time. */
  modifiedSince(sinceMs: number) {
    const names = [...this.#modified]
      .filter(([, ms]) => ms >= sinceMs)
      .map(([key]) => JSON.parse(key) as string[]);
    const idsOf = (kind: string) => names.filter(([known]) => known === kind).map(([, id = '']) => id);
    return {
      resources: idsOf('resource'),
      targets: idsOf('target'),
      schemaChanged: this.#schemaMs >= sinceMs,
    };
  }

  /** Returns what `save` would delete. */
  preview(dsl: string): SchemaDeletes {
    return findDeletes(this.#schema, parseSchema(dsl));
  }

  /** Removes the schema and all relations. */
  clear(): void {
    this.clearRelations();
    this.#replace(undefined);
  }

  /** Forgets everything, and that it was ever there. */
  reset(): void {
    this.clear();
    this.details.clear();
    this.#modified.clear();
    this.#schemaMs = -Infinity;
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
  judge(question: Question): Verdict {
    return judge(this.#requireSchema(), this.#relations, question);
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
    const asked = { resourceType: type, resource: id, relation: name };
    const allowed = direct.filter((target) => {
      const tuple = { ...asked, targetType: target.type, target: target.id };
      return judge(schema, this.#relations, { tuple }).isAllowed;
    });
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
      const names = new Set<string>([...relations.keys(), ...permissions.keys()]);
      return [...names].map((name) => ({ type, id, name }));
    });
  }

  #replace(schema: FgaSchema | undefined): void {
    this.#schema = schema;
    this.#schemaMs = this.now();
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
