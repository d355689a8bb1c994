// Which of the wanted names does somebody hold?
import type { DescopeUser } from './descope-user.js';
import type { Grants } from './grants.js';

/** Gives the wanted names that are held, in the order they were asked for. Nothing held: nothing matches. */
export function readMatches(held: readonly string[] | undefined, wanted: readonly string[]): string[] {
  return held === undefined ? [] : wanted.filter((name) => held.includes(name));
}

/** Reads a user's grants in a tenant; `undefined` where the user does not belong to it. */
export function readTenantGrants(user: DescopeUser | undefined, tenant: string): Grants | undefined {
  if (user === undefined || !Object.hasOwn(user.tenants, tenant)) return undefined;
  return user.tenants[tenant];
}
