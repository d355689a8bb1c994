// The text of a schema in, a checked schema out.

/** Reads a schema; throws an FgaError that says what is wrong. */
export function parseSchema(dsl: string): FgaSchema {
  const words = new Words(dsl);
  const types = new Map<string, FgaType>();
  while (words.next !== '') {
    words.expect('type');
    const name = words.name();
    if (types.has(name)) throw new FgaError(`The type ${name} stands twice`);
    types.set(name, readType(words, name));
  }
  for (const [name, type] of types) assertNames(types, name, type);
  return { dsl, types };
}

function readType(words: Words, typeName: string): FgaType {
  const relations = new Map<string, readonly TargetKind[]>();
  const permissions = new Map<string, Expression>();
  const type = { relations, permissions };
  for (;;) {
    const isRelation = words.skip('relation');
    if (!isRelation && !words.skip('permission')) return type;
    const name = words.name();
    if (hasName(type, name)) throw new FgaError(`${typeName} has two of the name ${name}`);
    words.expect(':');
    if (isRelation) relations.set(name, readTargets(words));
    else permissions.set(name, readSum(words));
  }
}

function readTargets(words: Words): readonly TargetKind[] {
  const targets: TargetKind[] = [];
  do {
    const type = words.name();
    targets.push({ type, relation: words.skip('#') ? words.name() : undefined });
  } while (words.skip('|'));
  return targets;
}

// `&` binds first; `|` and `-` are taken from left to right.
function readSum(words: Words): Expression {
  let left = readProduct(words);
  for (;;) {
    if (words.skip('|')) left = { kind: '|', left, right: readProduct(words) };
    else if (words.skip('-')) left = { kind: '-', left, right: readProduct(words) };
    else return left;
  }
}

function readProduct(words: Words): Expression {
  let left = readTerm(words);
  while (words.skip('&')) left = { kind: '&', left, right: readTerm(words) };
  return left;
}

function readTerm(words: Words): Expression {
  if (words.skip('(')) {
    const inner = readSum(words);
    words.expect(')');
    return inner;
  }
  const name = words.name();
  return words.skip('.') ? { kind: 'arrow', through: name, name: words.name() } : { kind: 'name', name };
}

type Types = ReadonlyMap<string, FgaType>;

function assertNames(types: Types, typeName: string, type: FgaType): void {
  for (const target of [...type.relations.values()].flat()) {
    const found = types.get(target.type);
    if (found && (target.relation === undefined || hasName(found, target.relation))) continue;
    throw new FgaError(`${typeName} names ${toKindText(target)}, which is not in the schema`);
  }
  for (const expression of type.permissions.values()) assertKnown(types, type, expression);
}

function assertKnown(types: Types, type: FgaType, expression: Expression): void {
  if (expression.kind === 'name') {
    if (!hasName(type, expression.name)) throw new FgaError(`There is no ${expression.name}`);
    return;
  }
  if (expression.kind !== 'arrow') {
    assertKnown(types, type, expression.left);
    assertKnown(types, type, expression.right);
    return;
  }
  const { through, name } = expression;
  const targets = type.relations.get(through) ?? [];
  if (targets.some((target) => hasName(types.get(target.type), name))) return;
  throw new FgaError(`${through}.${name} leads nowhere`);
}

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

// The words of a schema's text, one after the other.

const HEADER = /^\s*model\s+AuthZ\s+1\.0(?=\s|$)/;
const WORD = /\s*([A-Za-z_]\w*|[:|&\-().#])/y;
const NAME = /^[A-Za-z_]\w*$/;
const NOT_EVALUATED = new Set(['with', 'condition', 'constraint']);
const KEYWORDS = new Set(['type', 'relation', 'permission', 'model', ...NOT_EVALUATED]);

/** Reads words, from the first to the last. */
export class Words {
  readonly #words: readonly string[];
  #at = 0;

  constructor(dsl: string) {
    const header = HEADER.exec(dsl)?.[0];
    if (header === undefined) throw new FgaError('A schema starts with: model AuthZ 1.0');
    this.#words = split(dsl.slice(header.length).trimEnd());
  }

  /** The word that comes next; empty text after the last. */
  get next(): string {
    return this.#words[this.#at] ?? '';
  }

  /** Passes a word if it comes next. */
  skip(word: string): boolean {
    if (this.next !== word) return false;
    this.#at += 1;
    return true;
  }

  /** Passes a word that must come next. */
  expect(word: string): void {
    if (!this.skip(word)) throw new FgaError(`Expected ${word}, got ${this.next || 'the end'}`);
  }

  /** Passes a name. */
  name(): string {
    const word = this.next;
    if (!NAME.test(word) || KEYWORDS.has(word))
      throw new FgaError(`Expected a name, got ${word || 'the end'}`);
    this.#at += 1;
    return word;
  }
}

// To take a condition and ignore it would allow what Descope rejects.
function split(text: string): readonly string[] {
  const words: string[] = [];
  WORD.lastIndex = 0;
  while (WORD.lastIndex < text.length) {
    const at = WORD.lastIndex;
    const word = WORD.exec(text)?.[1];
    if (word === undefined) throw new FgaError(`Cannot read: ${text.slice(at, at + 20).trim()}`);
    if (NOT_EVALUATED.has(word)) throw new FgaError(`The emulator does not evaluate conditions (${word})`);
    words.push(word);
  }
  return words;
}
