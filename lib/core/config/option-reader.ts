// Reads options one by one and keeps every mistake, so that all of them are told at once.
import { DescopeConfigError } from '../errors.js';
import type { DescopeOptions } from './options.js';
import { STATIC_OPTIONS } from './options.js';

/** A check of one value: answers what it wants when the value is not that. */
export type Check<T> = (value: unknown) => value is T;

/** What an option may be: in words, as a check, and when it is left out. */
export interface Rule<T> {
  readonly wants: string;
  readonly is: Check<T>;
  readonly default: T;
}

/** The bounds of a number, both included. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly default: number;
}

export class OptionReader<O extends object = DescopeOptions> {
  readonly #options: Partial<O>;
  readonly #prefix: string;
  readonly #mistakes: Set<string>;

  constructor(
    options: Partial<O>,
    known: readonly string[],
    parent?: { prefix: string; mistakes: Set<string> },
  ) {
    this.#options = options;
    this.#prefix = parent?.prefix ?? '';
    this.#mistakes = parent?.mistakes ?? new Set();
    for (const name of Object.keys(options)) {
      if (!known.includes(name)) this.#noteUnknown(name, known);
    }
  }

  /** Reads an option; one that is left out has its default, a wrong one is noted and has it too. */
  read<T>(name: keyof O & string, rule: Rule<T>): T {
    const value: unknown = toOwn(this.#options[name]); // also fills the holes of a list, which `every` would skip
    if (value !== undefined && rule.is(value)) return value;
    if (value !== undefined) this.mistake(name, describe(value), rule.wants);
    return toOwn(rule.default);
  }

  /** Tells whether an option is given; `false` and `null` say that it is not. */
  has(name: keyof O & string): boolean {
    const value: unknown = this.#options[name];
    return value !== undefined && value !== null && value !== false;
  }

  /** Opens a group of options, whose mistakes count among these. */
  group<G extends object>(name: keyof O & string, known: readonly string[]): OptionReader<G> {
    const value: unknown = this.#options[name];
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (value !== undefined && !isObject) this.mistake(name, describe(value), 'an object');
    const parent = { prefix: `${this.#prefix}${name}.`, mistakes: this.#mistakes };
    return new OptionReader<G>(isObject ? (value as Partial<G>) : {}, known, parent);
  }

  /** Opens options that stand beside these, whose mistakes count among these. */
  beside<G extends object>(options: object, known: readonly string[]): OptionReader<G> {
    return new OptionReader<G>(options, known, { prefix: this.#prefix, mistakes: this.#mistakes });
  }

  mistake(name: string, got: string, wants: string): void {
    this.#mistakes.add(`  - ${this.#prefix}${name}: got ${got}; wants ${wants}.`);
  }

  #noteUnknown(name: string, known: readonly string[]): void {
    if (this.#prefix === '' && STATIC_OPTIONS.includes(name))
      this.mistake(
        name,
        'a static option from a factory',
        'its place beside useFactory, in forRootAsync itself',
      );
    else this.mistake(name, 'an unknown option', `one of ${known.join(', ')}`);
  }

  /** Throws `CONFIG_INVALID` with every mistake that was noted. */
  assertFaultless(): void {
    if (this.#mistakes.size === 0) return;
    const message = `DescopeModule is not configured correctly:\n${[...this.#mistakes].join('\n')}`;
    throw new DescopeConfigError('CONFIG_INVALID', message, {
      mistakes: [...this.#mistakes].map((line) => line.trim()),
    });
  }
}

// A list of our own: what the application does to its list later changes nothing.
function toOwn<T>(value: T): T {
  return Array.isArray(value) ? (Object.freeze([...value]) as unknown as T) : value;
}

/** Describes a wrong value by its type: the value itself may be a secret that went to the wrong option. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'number') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

export const isBoolean: Check<boolean> = (value): value is boolean => typeof value === 'boolean';

export const isText: Check<string> = (value): value is string =>
  typeof value === 'string' && value.trim() !== '';

export const isFunction = <F>(value: unknown): value is F => typeof value === 'function';

const isOptionalText: Check<string | undefined> = (value): value is string | undefined => isText(value);

/** A list of texts that has at least one. */
export const isTexts: Check<readonly string[]> = (value): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every(isText);

/** A rule for numbers within bounds, both included. */
export function toNumberRule({ least, most, default: fallback }: Bounds): Rule<number> {
  const is = (value: unknown): value is number =>
    typeof value === 'number' && value >= least && value <= most;
  return { wants: `a number from ${least} to ${most}`, is, default: fallback };
}

/** A rule for whole numbers within bounds, both included. */
export function toWholeNumberRule(bounds: Bounds): Rule<number> {
  const { is, ...rule } = toNumberRule(bounds);
  const isWhole = (value: unknown): value is number => is(value) && Number.isInteger(value);
  return { ...rule, wants: `a whole number from ${bounds.least} to ${bounds.most}`, is: isWhole };
}

/** A check for non-empty lists whose items are all among the choices. */
export function isListOf<T extends string>(choices: readonly string[]): Check<readonly T[]> {
  return (value): value is readonly T[] => isTexts(value) && value.every((item) => choices.includes(item));
}

/** Reads a text that may be left out, without the white space around it. */
export function readOptionalText(options: OptionReader, name: keyof DescopeOptions): string | undefined {
  return options.read(name, { wants: 'a non-empty text', is: isOptionalText, default: undefined })?.trim();
}
