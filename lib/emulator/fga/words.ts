// The words of a schema's text, one after the other.
import { FgaError } from './schema.js';

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

// To take a condition and ignore it would allow what Descope refuses.
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
