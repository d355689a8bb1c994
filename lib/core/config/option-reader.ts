// Reads options by a table of rules, reports every mistake in one error, and has the rules that several options share.
import { DescopeConfigError } from '../errors.js';
import { findSimilar } from '../similar-name.js';

/** Checks one value. */
export type Check<T> = (value: unknown) => value is T;

/** The rule of an option: a description, a check, and the default. */
export interface Rule<T> {
  /** The text after "wants" in the message of a mistake. */
  readonly wants: string;
  readonly is: Check<T>;
  readonly default: T;
  /** Converts a valid value to one form, such as a string without the white space around it. */
  toForm?(value: T): T;
}

/** An option that is itself an object of options. */
export interface OptionGroup<Rows extends object = object> {
  readonly rows: Rows;
  /** Values that mean no group, which is read as `undefined`; if `undefined` is among them, that is the default. */
  readonly off?: readonly unknown[];
  /** Values that mean the group with all of its defaults. */
  readonly on?: readonly unknown[];
  /** The member that a string in place of the group is the value of. */
  readonly word?: string;
}

/** How each option of an object is read: one row for each, so that the compiler finds a missing row. */
export type OptionTable<O extends object> = {
  readonly [Name in keyof O]-?: Rule<unknown> | OptionGroup;
};

/** The values that a table reads. */
export type ValuesOf<Table> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> };

type ValueOf<Row> =
  Row extends Rule<infer Value>
    ? Value
    : Row extends OptionGroup<infer Rows>
      ? ValuesOf<Rows> | (Row extends { readonly off: readonly unknown[] } ? undefined : never)
      : never;

/** Options that must be set beside `useFactory`: controllers and guards are registered before a factory runs. */
export const STATIC_OPTIONS: readonly string[] = [
  'isGlobal',
  'globalGuard',
  'routes',
  'events',
  'transports',
];

// Names that are no options, with what each of them probably is, and what is expected in its place.
const MISPLACED = new Map([
  ['session.renewalStore', ['an option that has moved', 'shared.store']],
  ['session.signOutStore', ['an option that has moved', 'shared.store']],
  ['shared.open', ['the member of a channel', '{ channel: redisChannel(client) }']],
  ['shared.get', ['the member of a store', '{ store }']],
]);

/** What the reader of a group shares with the one that it belongs to. */
interface ReaderParent {
  readonly prefix: string;
  readonly mistakes: Set<string>;
  /** The lists of known options that the error shows, once each. */
  readonly lists: Set<string>;
}

export class OptionReader<O extends object = object> {
  readonly #options: Partial<O>;
  readonly #prefix: string;
  readonly #mistakes: Set<string>;
  readonly #lists: Set<string>;

  constructor(options: Partial<O>, known: readonly string[], parent?: ReaderParent) {
    this.#options = options;
    this.#prefix = parent?.prefix ?? '';
    this.#mistakes = parent?.mistakes ?? new Set();
    this.#lists = parent?.lists ?? new Set();
    for (const name of Object.keys(options)) {
      if (!known.includes(name)) this.#addUnknown(name, known);
    }
  }

  /** Reads all options of a table. */
  readAll<Table extends OptionTable<O>>(table: Table): ValuesOf<Table> {
    const rows = Object.entries(table) as [keyof O & string, Rule<unknown> | OptionGroup][];
    const values = rows.map(([name, row]) => [
      name,
      'rows' in row ? this.#readGroup(name, row) : this.read(name, row),
    ]);
    return Object.fromEntries(values) as ValuesOf<Table>;
  }

  /**
   * Reads an option. One that is left out has its default. A wrong one has its default too, and is added to the
   * mistakes.
   */
  read<T>(name: keyof O & string, rule: Rule<T>): T {
    const value: unknown = copyList(this.#options[name]); // also fills the holes of a list, which `every` would skip
    if (value !== undefined && rule.is(value)) return rule.toForm === undefined ? value : rule.toForm(value);
    if (value !== undefined) this.mistake(name, describe(value), rule.wants);
    return copyList(rule.default);
  }

  /** Opens a group of options, whose mistakes are added to these. `words` says what may be given in its place. */
  group<G extends object>(
    name: keyof O & string,
    known: readonly string[],
    words: readonly string[] = [],
  ): OptionReader<G> {
    const value: unknown = this.#options[name];
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (value !== undefined && !isObject)
      this.mistake(name, describe(value), [...words, `an object of ${known.join(', ')}`].join(', or '));
    return new OptionReader<G>(isObject ? value : {}, known, this.#toParent(`${this.#prefix}${name}.`));
  }

  /** Opens options that are given separately, whose mistakes are added to these. */
  beside<G extends object>(options: object, known: readonly string[]): OptionReader<G> {
    return new OptionReader<G>(options, known, this.#toParent(this.#prefix));
  }

  /** Adds a mistake: the option, what it got, and what it wants. */
  mistake(name: string, got: string, wants: string): void {
    this.#mistakes.add(`  - ${this.#prefix}${name}: got ${got}; expected ${wants}.`);
  }

  /** Adds the mistake of an unknown name: a similar one that is known, and the list of all, which the error has once. */
  mistakeUnknown(name: string, known: readonly string[], where = this.#prefix.slice(0, -1)): void {
    const similar = findSimilar(name, known);
    const question = similar === undefined ? '' : ` Did you mean ${this.#prefix}${similar}?`;
    const of = where === '' ? '' : ` of ${where}`;
    this.#mistakes.add(`  - ${this.#prefix}${name}: got an unknown option; expected a known one.${question}`);
    this.#lists.add(`Known options${of}: ${known.join(', ')}.`);
  }

  /** Throws `CONFIG_INVALID` with every mistake, if there is one. */
  assertFaultless(module = 'DescopeModule'): void {
    if (this.#mistakes.size === 0) return;
    const lines = [...this.#mistakes, ...this.#lists].join('\n');
    const message = `${module} is not configured correctly:\n${lines}`;
    throw new DescopeConfigError('CONFIG_INVALID', message, {
      mistakes: [...this.#mistakes].map((line) => line.trim()),
    });
  }

  #readGroup(name: keyof O & string, group: OptionGroup): unknown {
    const { rows, off = [], on = [], word } = group;
    const value: unknown = this.#options[name];
    if (off.includes(value)) return undefined;
    if (word !== undefined && typeof value === 'string') {
      const parent = this.#toParent(`${this.#prefix}${name}.`);
      return new OptionReader<object>({ [word]: value }, Object.keys(rows), parent).readAll(rows);
    }
    if (on.includes(value)) return readDefaults(rows);
    return this.group(name, Object.keys(rows), toWords(group)).readAll(rows);
  }

  #addUnknown(name: string, known: readonly string[]): void {
    const [got, wants] = MISPLACED.get(this.#prefix + name) ?? [];
    if (got !== undefined && wants !== undefined) this.mistake(name, got, `${wants} in its place`);
    else if (this.#prefix === '' && STATIC_OPTIONS.includes(name))
      this.mistake(
        name,
        'a static option in the result of the factory',
        'it in forRootAsync() itself, next to useFactory',
      );
    else this.mistakeUnknown(name, known);
  }

  #toParent(prefix: string): ReaderParent {
    return { prefix, mistakes: this.#mistakes, lists: this.#lists };
  }
}

/** Returns the values of a table for options that are all left out. */
export function readDefaults<Table extends object>(table: Table): ValuesOf<Table> {
  return new OptionReader({}, []).readAll(table);
}

// What may stand in place of a group: the words of its member, or the values that switch it on and off.
function toWords({ rows, off = [], on = [], word }: OptionGroup): readonly string[] {
  const rule = word === undefined ? undefined : (rows as Record<string, Rule<unknown>>)[word];
  if (rule !== undefined) return [rule.wants];
  const values = [...on, ...off].filter((value) => value !== undefined).map(String);
  return values.length === 0 ? [] : [values.join(' or ')];
}

/** Describes a wrong value by its type: the value may be a secret that was given to the wrong option. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === '') return 'an empty string';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'number') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

// A copy: later changes of the application's list have no effect.
function copyList<T>(value: T): T {
  return Array.isArray(value) ? (Object.freeze([...value]) as unknown as T) : value;
}

// The checks and rules that several options have in common.

export const isBoolean: Check<boolean> = (value): value is boolean => typeof value === 'boolean';

export const isText: Check<string> = (value): value is string =>
  typeof value === 'string' && value.trim() !== '';

/** A non-empty list of strings. */
export const isTexts: Check<readonly string[]> = (value): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every(isText);

export const isFunction: Check<(...parameters: never[]) => unknown> = (
  value,
): value is (...parameters: never[]) => unknown => typeof value === 'function';

/** A switch that is off when it is left out. */
export const SWITCH: Rule<boolean> = { wants: 'a boolean', is: isBoolean, default: false };

/** A string that may be left out, read without the white space around it. */
export const OPTIONAL_TEXT: Rule<string | undefined> = {
  wants: 'a non-empty string',
  is: isText,
  default: undefined,
  toForm: (text) => text?.trim(),
};

// Descope's keys are sent in a header, separated by colons. With another character the request fails, and the error of
// `fetch` quotes the header.
const KEY = /^\s*[\x21-\x39\x3B-\x7E]+\s*$/;

/** A key of Descope that may be left out, read without the white space around it. */
export const OPTIONAL_KEY: Rule<string | undefined> = {
  wants: 'a key of ASCII characters, without white space or colons',
  is: (value): value is string => typeof value === 'string' && KEY.test(value),
  default: undefined,
  toForm: (text) => text?.trim(),
};

/** A rule: a description, a check, and the default. */
export function toRule<T>(wants: string, is: Check<T>, fallback: NoInfer<T>): Rule<T> {
  return { wants, is, default: fallback };
}

/** A rule for an option without a default. */
export function toOptionalRule<T>(wants: string, is: Check<T>): Rule<T | undefined> {
  return { wants, is, default: undefined };
}

/** A check for one of several strings. */
export function isOneOf<T extends string>(...choices: readonly T[]): Check<T> {
  return (value): value is T => choices.some((choice) => choice === value);
}

/** A rule for non-empty lists whose items are all among the choices. */
export function toListRule<T extends string>(
  choices: readonly T[],
  fallback: readonly T[],
): Rule<readonly T[]> {
  const is = (value: unknown): value is readonly T[] =>
    isTexts(value) && value.every((item) => choices.some((choice) => choice === item));
  return { wants: `a list of one or more of ${choices.join(', ')}`, is, default: fallback };
}

/** The bounds of a number, both included, and the default. */
export interface Bounds<Fallback extends number | undefined = number> {
  readonly least: number;
  readonly most: number;
  readonly default: Fallback;
}

/** A rule for numbers within bounds. */
export function toNumberRule<Fallback extends number | undefined>(
  bounds: Bounds<Fallback>,
): Rule<number | Fallback> {
  const { least, most, default: fallback } = bounds;
  const is = (value: unknown): value is number =>
    typeof value === 'number' && value >= least && value <= most;
  return { wants: `a number from ${least} to ${most}`, is, default: fallback };
}

/** A rule for whole numbers within bounds. */
export function toWholeNumberRule(bounds: Bounds): Rule<number> {
  const { is, ...rule } = toNumberRule(bounds);
  const isWhole = (value: unknown): value is number => is(value) && Number.isInteger(value);
  return { ...rule, wants: `a whole number from ${bounds.least} to ${bounds.most}`, is: isWhole };
}
