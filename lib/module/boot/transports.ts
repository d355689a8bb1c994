// The option `transports`: checked when the application boots.
import type { Provider } from '@nestjs/common';
import { DESCOPE_TRANSPORTS } from '../../auth/injection-tokens.js';
import type { DescopeTransport } from '../../auth/transport/transport.js';
import { OptionReader, describe, isFunction, isText } from '../../core/config/option-reader.js';

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
  'toRefusal',
];

/** Provides the transports that an application teaches. Throws `CONFIG_INVALID` with all that is wrong. */
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
    options.mistake('transports', `two for the type "${String(type)}"`, 'one of each type');
  options.assertFaultless();
  return given as readonly DescopeTransport[];
}

function noteFlaws(options: Reader, name: string, item: unknown): void {
  if (typeof item !== 'object' || item === null)
    return options.mistake(name, describe(item), 'an object: { type, findRequest }');
  const members = item as Readonly<Record<string, unknown>>;
  if (!isText(members['type']))
    options.mistake(`${name}.type`, toText(members['type']), 'what context.getType() gives');
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
