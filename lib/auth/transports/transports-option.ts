// The option `transports`: checked when the application boots.
import type { Provider } from '@nestjs/common';
import { describe, isFunction, isText, OptionReader } from '../../core/config/option-reader.js';
import { DESCOPE_TRANSPORTS } from '../injection-tokens.js';
import type { DescopeTransport } from './transport.js';

interface TransportsOption {
  readonly transports?: readonly DescopeTransport[] | undefined;
}

type Reader = OptionReader<TransportsOption>;

const NEEDED = ['type', 'findRequest'];
const FURTHER = [
  'keepRequest',
  'recallRequest',
  'findResponse',
  'findCall',
  'readParam',
  'isSafe',
  'toRejection',
];

/** Provides the application's own transports. The factory throws `CONFIG_INVALID` with all mistakes. */
export function toTransportsProvider(given: readonly DescopeTransport[] | undefined): Provider {
  return {
    provide: DESCOPE_TRANSPORTS,
    useFactory: () => readTransports(given),
  };
}

function readTransports(given: unknown): readonly DescopeTransport[] {
  if (given === undefined) return [];
  const options: Reader = new OptionReader({}, ['transports']);
  if (!Array.isArray(given))
    options.mistake('transports', describe(given), 'a list of { type, findRequest }');
  else for (const [index, item] of given.entries()) noteFlaws(options, `transports[${index}]`, item);
  const types = Array.isArray(given) ? given.map(readType) : [];
  for (const type of new Set(types.filter((item, index) => isText(item) && types.indexOf(item) < index)))
    options.mistake('transports', `two transports for the type "${String(type)}"`, 'one for each type');
  options.assertFaultless();
  return given as readonly DescopeTransport[];
}

function noteFlaws(options: Reader, name: string, item: unknown): void {
  if (typeof item !== 'object' || item === null) {
    options.mistake(name, describe(item), 'an object: { type, findRequest }');
    return;
  }
  const members = item as Readonly<Record<string, unknown>>;
  if (!isText(members['type']))
    options.mistake(`${name}.type`, toText(members['type']), 'the string that context.getType() returns');
  if (!isFunction(members['findRequest']))
    options.mistake(`${name}.findRequest`, toText(members['findRequest']), 'a function of the context');
  for (const member of FURTHER)
    if (members[member] !== undefined && !isFunction(members[member]))
      options.mistake(`${name}.${member}`, toText(members[member]), 'a function of the context');
  if (Object.getPrototypeOf(item) !== Object.prototype) return; // a class may have more
  for (const member of Object.keys(item).filter((key) => ![...NEEDED, ...FURTHER].includes(key)))
    options.mistake(`${name}.${member}`, 'an unknown member', `one of ${[...NEEDED, ...FURTHER].join(', ')}`);
}

function readType(item: unknown): unknown {
  return typeof item === 'object' && item !== null && 'type' in item ? item.type : undefined;
}

function toText(value: unknown): string {
  return value === undefined ? 'nothing' : describe(value);
}
