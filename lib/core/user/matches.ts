// Which of the wanted names does somebody hold?
import type { NameMatch } from './demands.js';
import type { DescopeUser } from './descope-user.js';
import type { Grants } from './grants.js';

/** Names that are asked for: one of them, or all. */
interface Wanted {
  readonly names: readonly string[];
  readonly match: NameMatch;
}

/** Tells whether what is held is enough. */
export function isMet({ names, match }: Wanted, held: readonly string[]): boolean {
  if (names.length === 0) return false; // an empty demand is a mistake, never an open door
  return match === 'any'
    ? names.some((name) => held.includes(name))
    : names.every((name) => held.includes(name));
}

/** Gives the wanted names that are held, in the order they were asked for. Nothing held: nothing matches. */
export function readMatches(held: readonly string[] | undefined, wanted: readonly string[]): string[] {
  return held === undefined ? [] : wanted.filter((name) => held.includes(name));
}

/** Reads a user's grants in a tenant; `undefined` where the user does not belong to it. */
export function readTenantGrants(user: DescopeUser | undefined, tenant: string): Grants | undefined {
  if (user === undefined || !Object.hasOwn(user.tenants, tenant)) return undefined;
  return user.tenants[tenant];
}
