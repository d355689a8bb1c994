// Conditions of the schema language: its built-in constraints, how they are combined, and their evaluation by a context.
import { BlockList, isIP } from 'node:net';
import type { Tokenizer } from './tokenizer.js';
import { FgaError } from './tokenizer.js';

/** What `with` demands of a context. */
export type Condition =
  | { readonly kind: 'constraint'; readonly constraint: Constraint }
  | { readonly kind: '!'; readonly inner: Condition }
  | { readonly kind: '&' | '|'; readonly left: Condition; readonly right: Condition };

/** A constraint of the schema, with the values that the schema gives. */
export interface Constraint {
  readonly kind: ConstraintKind;
  readonly given: readonly unknown[];
}

/** The constraints of a schema, by their names. */
export type Constraints = Map<string, Constraint>;

/** The values of a check, and what was found while they were read. */
export interface Evaluation {
  readonly context: ReadonlyMap<string, unknown>;
  readonly missing: Set<string>;
  readonly mistakes: Set<string>;
}

type Type = 'string' | 'number' | 'boolean' | 'list';
type Parameter = readonly [name: string, type: Type];

interface ConstraintKind {
  /** The parameters and their types. What the schema gives replaces all but the first. */
  readonly parameters: readonly [Parameter, ...Parameter[]];
  readonly test: (...values: never[]) => boolean;
  /** Whether the schema must give the values. */
  readonly isFixed?: boolean;
}

const KINDS: ReadonlyMap<string, ConstraintKind> = new Map(
  Object.entries<ConstraintKind>({
    IpRange: {
      parameters: [
        ['ip', 'string'],
        ['ip_range', 'string'],
      ],
      test: isInRange,
    },
    IpList: listed('ip', 'allowed_ips', 'string'),
    DateExpiryEpochSeconds: {
      parameters: [
        ['now_epoch_seconds', 'number'],
        ['expiry_epoch_seconds', 'number'],
      ],
      test: (now: number, expiry: number) => now < expiry,
    },
    StringMatchRegex: {
      parameters: [
        ['str', 'string'],
        ['regex', 'string'],
      ],
      test: (text: string, regex: string) => new RegExp(regex, 'u').test(text),
      isFixed: true,
    },
    NumAtLeast: {
      parameters: [
        ['num', 'number'],
        ['min', 'number'],
      ],
      test: (num: number, min: number) => num >= min,
    },
    NumAtMost: {
      parameters: [
        ['num', 'number'],
        ['max', 'number'],
      ],
      test: (num: number, max: number) => num <= max,
    },
    NumRange: {
      parameters: [
        ['num', 'number'],
        ['min', 'number'],
        ['max', 'number'],
      ],
      test: (num: number, min: number, max: number) => num >= min && num <= max,
    },
    BoolCheck: {
      parameters: [
        ['bool', 'boolean'],
        ['expected', 'boolean'],
      ],
      test: (given: boolean, expected: boolean) => given === expected,
    },
    GeoCountry: listed('country_code', 'allowed_countries', 'string'),
    IntList: listed('int', 'allowed_ints', 'number'),
    LabelList: listed('label', 'allowed_labels', 'string'),
  }),
);

function listed(name: string, list: string, type: Type): ConstraintKind {
  return {
    parameters: [
      [name, type],
      [list, 'list'],
    ],
    test: (value: unknown, values: readonly unknown[]) => values.includes(value),
  };
}

function isInRange(ip: string, range: string): boolean {
  const [net = '', prefix = ''] = range.split('/');
  const family = isIP(ip) === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(net, Number(prefix || Number.NaN), isIP(net) === 6 ? 'ipv6' : 'ipv4');
  return isIP(ip) !== 0 && list.check(ip, family);
}

/** Reads `Name`, `Name:Kind` or `Name:Kind(values)`, and adds the constraint. */
export function readConstraint(tokens: Tokenizer, constraints: Constraints): void {
  const name = tokens.name();
  const kindName = tokens.skip(':') ? tokens.name() : name;
  const kind = KINDS.get(kindName);
  if (!kind) throw new FgaError(`Unknown kind of constraint: ${kindName}`);
  if (constraints.has(name)) throw new FgaError(`The constraint ${name} is defined twice`);
  const given = toGiven(kind, readValues(tokens));
  if (given === undefined)
    throw new FgaError(`The constraint ${name} has other values than ${kindName} takes`);
  constraints.set(name, { kind, given });
}

function readValues(tokens: Tokenizer): readonly unknown[] {
  const values: unknown[] = [];
  if (!tokens.skip('(')) return values;
  do values.push(tokens.value());
  while (tokens.skip(','));
  tokens.expect(')');
  return values;
}

// The values of all parameters but the first; none where the context has them all; undefined where they do not fit.
function toGiven(kind: ConstraintKind, values: readonly unknown[]): readonly unknown[] | undefined {
  if (values.length === 0) return kind.isFixed === true ? undefined : [];
  const [[, first], ...rest] = kind.parameters;
  const isList = rest[0]?.[1] === 'list';
  const given = isList ? [values] : values;
  const isTyped = given.length === rest.length && rest.every(([, type], index) => isOf(type, given[index]));
  if (!isTyped || (isList && !values.every((value) => isOf(first, value)))) return undefined;
  // A range or a regular expression that cannot be used is found when the schema is saved.
  return attempt(kind.test, [SAMPLES[first], ...given]) === undefined ? undefined : given;
}

const SAMPLES: Readonly<Record<Type, unknown>> = { string: '', number: 0, boolean: false, list: [] };

// Runs a test; undefined for a range or a regular expression that cannot be used.
function attempt(test: ConstraintKind['test'], values: readonly unknown[]): boolean | undefined {
  try {
    return test(...(values as never[]));
  } catch {
    return undefined;
  }
}

function isOf(type: Type, value: unknown): boolean {
  return type === 'list' ? Array.isArray(value) : typeof value === type;
}

/** Reads a condition: names of constraints with `!`, `&`, `|` and parentheses; `&` binds first. */
export function readCondition(tokens: Tokenizer, constraints: Constraints): Condition {
  let left = readBoth(tokens, constraints);
  while (tokens.skip('|')) left = { kind: '|', left, right: readBoth(tokens, constraints) };
  return left;
}

function readBoth(tokens: Tokenizer, constraints: Constraints): Condition {
  let left = readOne(tokens, constraints);
  while (tokens.skip('&')) left = { kind: '&', left, right: readOne(tokens, constraints) };
  return left;
}

function readOne(tokens: Tokenizer, constraints: Constraints): Condition {
  if (tokens.skip('!')) return { kind: '!', inner: readOne(tokens, constraints) };
  if (tokens.skip('(')) {
    const inner = readCondition(tokens, constraints);
    tokens.expect(')');
    return inner;
  }
  const name = tokens.name();
  const constraint = constraints.get(name);
  if (!constraint) throw new FgaError(`Unknown constraint: ${name}`);
  return { kind: 'constraint', constraint };
}

/** Evaluates a condition; undefined where the context lacks a value that decides it, or has one of another type. */
export function isMet(condition: Condition, evaluation: Evaluation): boolean | undefined {
  if (condition.kind === 'constraint') return isFulfilled(condition.constraint, evaluation);
  if (condition.kind === '!') {
    const inner = isMet(condition.inner, evaluation);
    return inner === undefined ? undefined : !inner;
  }
  const sides = [isMet(condition.left, evaluation), isMet(condition.right, evaluation)];
  const decisive = condition.kind === '|';
  if (sides.includes(decisive)) return decisive;
  return sides.includes(undefined) ? undefined : !decisive;
}

function isFulfilled({ kind, given }: Constraint, evaluation: Evaluation): boolean | undefined {
  const asked: readonly Parameter[] = given.length > 0 ? [kind.parameters[0]] : kind.parameters;
  const { context, missing, mistakes } = evaluation;
  const lacking = asked.filter(([name]) => !context.has(name));
  const odd = asked.filter(([name, type]) => context.has(name) && !isOf(type, context.get(name)));
  for (const [name] of lacking) missing.add(name);
  for (const [name, type] of odd) mistakes.add(`The value of ${name} is no ${type}`);
  if (lacking.length + odd.length > 0) return undefined;
  const result = attempt(kind.test, [...asked.map(([name]) => context.get(name)), ...given]);
  if (result === undefined)
    mistakes.add(`A value of ${asked.map(([name]) => name).join(', ')} cannot be used`);
  return result;
}
