// The custom attributes that a project declares for its users, and the values that each of them may have.
import { DescopeError } from '../errors.js';
import type { JsonObject } from '../http/message.js';
import { NamedRecords } from '../store/records.js';

// go-sdk's `SSOApplicationCustomAttribute`, which says that all kinds of record have these types.
/** The types of custom attributes; the number of a type is its place, from 1. */
export const ATTRIBUTE_TYPES = [
  'text',
  'number',
  'boolean',
  'singleSelect',
  'multiSelect',
  'date',
  'monthDay',
] as const;

/** The type of a custom attribute. */
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

/** A custom attribute that is declared. */
export interface AttributeRecord {
  readonly name: string;
  readonly type: AttributeType;
  readonly displayName: string;
  /** The values that a select may have; empty for any. */
  readonly options: readonly AttributeOption[];
  /** What has no effect here and is returned. */
  readonly shown: JsonObject;
}

/** A value that a select may have. */
export interface AttributeOption {
  readonly value: string;
  readonly label: string;
}

/** Keeps the declared attributes. Without any, users may have all attributes. */
export class CustomAttributes {
  readonly records = new NamedRecords<AttributeRecord>((attribute) => attribute.name);

  /** Declares attributes, all or none; rejects a name that is taken with E016002. */
  declare(attributes: readonly AttributeRecord[]): void {
    const names = attributes.map(({ name }) => name);
    const taken = names.find((name, index) => this.records.find(name) ?? names.indexOf(name) !== index);
    if (taken !== undefined) {
      throw new DescopeError('attributeExists', `The custom attribute ${taken} already exists`);
    }
    for (const attribute of attributes) this.records.put(attribute);
  }

  /** Rejects values of attributes that are not declared, or have another type; null empties an attribute. */
  check(values?: JsonObject): void {
    const mistake = this.findMistake(values);
    if (mistake !== undefined) throw new DescopeError('invalidArguments', mistake);
  }

  /** What is wrong with values; undefined if nothing is. */
  findMistake(values: JsonObject = {}): string | undefined {
    const declared = this.records.all;
    if (declared.length === 0) return undefined;
    for (const [name, value] of Object.entries(values)) {
      const attribute = this.records.find(name);
      if (!attribute) return undeclared(name, declared);
      if (value !== null && value !== undefined && !isValid(attribute, value)) return mistyped(attribute);
    }
    return undefined;
  }
}

function isValid({ type, options }: AttributeRecord, value: unknown): boolean {
  const isText = typeof value === 'string';
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  const isOption = (one: unknown) =>
    typeof one === 'string' && (options.length === 0 || options.some((option) => option.value === one));
  if (type === 'text') return isText;
  if (type === 'number') return isNumber;
  if (type === 'boolean') return typeof value === 'boolean';
  if (type === 'singleSelect') return isOption(value);
  if (type === 'multiSelect') return Array.isArray(value) && value.every(isOption);
  // Descope documents no form of dates.
  return isText || isNumber;
}

const WANTED: Readonly<Record<AttributeType, string>> = {
  text: 'a text',
  number: 'a number',
  boolean: 'true or false',
  singleSelect: 'a text',
  multiSelect: 'a list of texts',
  date: 'a text or a number',
  monthDay: 'a text or a number',
};

function undeclared(name: string, declared: readonly AttributeRecord[]): string {
  const known = declared.map((attribute) => attribute.name).join(', ');
  return (
    `There is no custom attribute ${name.slice(0, 100)}: declare it first, in the seed or with ` +
    `createCustomAttributes; declared are ${known}`
  );
}

function mistyped({ name, type, options }: AttributeRecord): string {
  const isSelect = type === 'singleSelect' || type === 'multiSelect';
  const of = isSelect && options.length > 0 ? ` of ${options.map(({ value }) => value).join(', ')}` : '';
  return `The custom attribute ${name} must be ${WANTED[type]}${of}`;
}
