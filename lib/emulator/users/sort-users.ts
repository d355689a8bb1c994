// The order of found users.
import type { JsonObject } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { readFlag, requireText } from '../http/fields.js';
import type { UserRecord } from '../store/users.js';

/** Sorts users by Descope's `sort`: the first field counts most; refuses a field that it cannot sort by. */
export function sortUsers(users: readonly UserRecord[], sort: readonly JsonObject[]): readonly UserRecord[] {
  const orders = sort.map((one) => ({
    valueOf: requireValue(requireText(one, 'field')),
    sign: readFlag(one, 'desc') ? -1 : 1,
  }));
  return users.toSorted((left, right) => {
    for (const { valueOf, sign } of orders) {
      const order = compare(valueOf(left), valueOf(right)) * sign;
      if (order !== 0) return order;
    }
    return 0;
  });
}

type Value = (user: UserRecord) => string | number;

const VALUES = new Map<string, Value>([
  ['name', ({ name }) => name ?? ''],
  ['displayName', ({ name }) => name ?? ''],
  ['givenName', ({ givenName }) => givenName ?? ''],
  ['familyName', ({ familyName }) => familyName ?? ''],
  ['email', ({ email }) => email ?? ''],
  ['phone', ({ phone }) => phone ?? ''],
  ['status', ({ status }) => status],
  ['createdTime', ({ createdSeconds }) => createdSeconds],
  ['userId', ({ userId }) => userId],
  ['loginId', ({ loginIds }) => loginIds[0] ?? ''],
]);

function requireValue(field: string): Value {
  const value = VALUES.get(field);
  if (value) return value;
  const known = [...VALUES.keys()].join(', ');
  const message = `The emulator does not sort by ${field.slice(0, 100)}; it sorts by ${known}`;
  throw new DescopeError('invalidArguments', message);
}

function compare(left: string | number, right: string | number): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return String(left).localeCompare(String(right));
}
