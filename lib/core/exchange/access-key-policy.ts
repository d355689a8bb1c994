// The options about access keys, as the policy of those who take them.
import { OptionReader, toWholeNumberRule } from '../config/option-reader.js';
import type { Bounds, Check } from '../config/option-reader.js';
import type { DescopeOptions } from '../config/options.js';
import { ACCESS_KEY_OPTIONS } from './access-key-options.js';
import type { AccessKeyOptions } from './access-key-options.js';
import type { AccessKeyPolicy } from './access-keys.js';

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/; // RFC 9110 §5.1
// What has a meaning of its own, or is sent by browsers themselves.
const TAKEN = /^(?:authorization|cookie|origin|referer|host|content-.*|transfer-encoding|sec-.*|proxy-.*)$/i;
const DAY_SECONDS = 86_400;

/** Reads `accessKeys`; `undefined` where keys are not taken. */
export function readAccessKeys(options: OptionReader, given: DescopeOptions): AccessKeyPolicy | undefined {
  const { accessKeys } = given;
  if (accessKeys === undefined || accessKeys === false) return undefined;
  const group =
    accessKeys === true
      ? new OptionReader<AccessKeyOptions>({}, ACCESS_KEY_OPTIONS)
      : options.group<AccessKeyOptions>('accessKeys', ACCESS_KEY_OPTIONS);
  return {
    header: readHeaderName(group),
    maxAgeMs: 1000 * readNumber(group, 'maxAgeSeconds', { most: DAY_SECONDS, default: 300 }),
    refusedMs: 1000 * readNumber(group, 'refusedSeconds', { most: 3600, default: 60 }),
    maxKeys: readNumber(group, 'maxKeys', { most: 1_000_000, default: 10_000 }),
    unknownPerSecond: readNumber(group, 'unknownPerSecond', { most: 10_000, default: 20 }),
  };
}

function readHeaderName(group: OptionReader<AccessKeyOptions>): string | undefined {
  const wants = 'the name of a header of your own, such as "x-api-key"';
  return group.read('header', { wants, is: isHeaderName, default: undefined })?.toLowerCase();
}

function readNumber(
  group: OptionReader<AccessKeyOptions>,
  name: Exclude<keyof AccessKeyOptions, 'header'>,
  bounds: Omit<Bounds, 'least'>,
): number {
  return group.read(name, toWholeNumberRule({ least: 1, ...bounds }));
}

const isHeaderName: Check<string | undefined> = (value): value is string =>
  typeof value === 'string' && HEADER_NAME.test(value) && !TAKEN.test(value);
