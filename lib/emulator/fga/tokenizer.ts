// Reads the schema language of fine-grained authorization, one token after the other.

/** A schema or a relation that is not valid; the message explains why. */
export class FgaError extends Error {}

const MAX_EXPRESSION = 1000; // what is nested deeper than the stack could not be checked
const HEADER = /^\s*model\s+AuthZ\s+1\.0(?=\s|$)/;
const TOKEN = /\s*("(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?!\w)|[A-Za-z_]\w*|[:|&\-().#,!])/y;
const NAME = /^[A-Za-z_]\w*$/;
const KEYWORDS = new Set(['type', 'relation', 'permission', 'model', 'with', 'condition', 'constraint']);

/** The tokens of a schema. */
export class Tokenizer {
  readonly #tokens: readonly string[];
  #index = 0;
  #end = Infinity;

  constructor(dsl: string) {
    const header = HEADER.exec(dsl)?.[0];
    if (header === undefined) throw new FgaError('A schema starts with: model AuthZ 1.0');
    this.#tokens = split(dsl.slice(header.length).trimEnd());
  }

  /** The next token; an empty string after the last. */
  get next(): string {
    if (this.#index > this.#end) throw new FgaError('An expression of a permission is too long');
    return this.#tokens[this.#index] ?? '';
  }

  /** Reads an expression, which may have so many tokens as can be checked. */
  expression<T>(read: (tokens: this) => T): T {
    this.#end = this.#index + MAX_EXPRESSION;
    const result = read(this);
    this.#end = Infinity;
    return result;
  }

  /** Consumes a token if it is the next one. */
  skip(token: string): boolean {
    if (this.next !== token) return false;
    this.#index += 1;
    return true;
  }

  /** Consumes a token, which must be the next one. */
  expect(token: string): void {
    if (!this.skip(token)) throw new FgaError(`Expected ${token}, got ${this.next || 'the end'}`);
  }

  /** Consumes a text in quotes, a number, `true` or `false`. */
  value(): string | number | boolean {
    const token = this.next;
    const value = token.startsWith('"') ? unquote(token) : readLiteral(token);
    if (value === undefined) throw new FgaError(`Expected a value, got ${token || 'the end'}`);
    this.#index += 1;
    return value;
  }

  /** Consumes a name. */
  name(): string {
    const token = this.next;
    if (!NAME.test(token) || KEYWORDS.has(token))
      throw new FgaError(`Expected a name, got ${token || 'the end'}`);
    this.#index += 1;
    return token;
  }
}

// The text of a regular expression keeps its backslashes.
function unquote(token: string): string {
  return token.slice(1, -1).replaceAll(/\\(["\\])/g, '$1');
}

function readLiteral(token: string): number | boolean | undefined {
  if (token === 'true' || token === 'false') return token === 'true';
  return /^-?\d/.test(token) ? Number(token) : undefined;
}

// To accept a condition and ignore it would allow what Descope denies.
function split(text: string): readonly string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) throw new FgaError(`Unexpected text: ${text.slice(at, at + 20).trim()}`);
    if (token === 'condition') throw new FgaError(IN_CEL);
    tokens.push(token);
  }
  return tokens;
}

const IN_CEL =
  'The emulator does not evaluate a condition in CEL: use a constraint, such as constraint Office:IpRange("10.0.0.0/8")';
