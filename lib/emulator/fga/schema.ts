// A schema of fine-grained authorization: types, their relations, and the permissions that follow.

/** What may stand at the far end of a relation: a type, or all who have a relation to one (`group#member`). */
export interface TargetKind {
  readonly type: string;
  readonly relation?: string | undefined;
}

/** From what a permission follows. */
export type Expression =
  | { readonly kind: 'name'; readonly name: string }
  /** `parent.owner`: who has `name` on what `through` leads to. */
  | { readonly kind: 'arrow'; readonly through: string; readonly name: string }
  | { readonly kind: Operator; readonly left: Expression; readonly right: Expression };

/** Union, intersection and subtraction. */
export type Operator = '|' | '&' | '-';

/** A type of the schema. */
export interface FgaType {
  readonly relations: ReadonlyMap<string, readonly TargetKind[]>;
  readonly permissions: ReadonlyMap<string, Expression>;
}

/** A schema, with the text that it was read from. */
export interface FgaSchema {
  readonly dsl: string;
  readonly types: ReadonlyMap<string, FgaType>;
}

/** A schema or a relation that cannot be taken; the message says why. */
export class FgaError extends Error {}

/** Says whether a type has a relation or a permission of a name. */
export function hasName(type: FgaType | undefined, name: string): boolean {
  return type !== undefined && (type.relations.has(name) || type.permissions.has(name));
}

/** A target kind as the schema writes it. */
export function toKindText({ type, relation }: TargetKind): string {
  return relation === undefined ? type : `${type}#${relation}`;
}
