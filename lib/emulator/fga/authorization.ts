// The fine-grained authorization of a project: its schema and the relations that fit it.
import { isAllowed } from './check.js';
import { parseSchema } from './parse-schema.js';
import { FgaRelations, toRelation } from './relations.js';
import type { FgaTuple } from './relations.js';
import { FgaError, toKindText } from './schema.js';
import type { FgaSchema } from './schema.js';

/** What a new schema would delete. */
export interface SchemaDeletes {
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
