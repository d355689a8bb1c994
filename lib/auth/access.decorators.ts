// What a handler, or all of a class, may ask for. Only noted here; access.policy reads it back.
import 'reflect-metadata';
import { DescopeConfigError } from '../core/errors.js';
import type { Demand } from '../core/user/access.js';

/** Whether nobody is asked anything, whether being signed in is optional, or whether it is required. */
export type AccessMode = 'public' | 'optional' | 'required';

/** One thing that a decorator notes. */
export interface AccessEntry {
  readonly mode?: AccessMode;
  readonly demand?: Demand;
  /** How the decorator was written, for messages. */
  readonly label: string;
}

/** Under this key entries stand, on classes, on handlers and on (prototype, method name). */
export const ACCESS_METADATA = 'nestjs-descope:access';

/** A decorator for a class or one of its methods. */
export type AccessDecorator = ClassDecorator & MethodDecorator;

/** A decorator of names with a variant: `@Roles(…)` and `@Roles.all(…)`. */
export interface RolesDecorator {
  (...names: readonly string[]): AccessDecorator;
  /** Asks for all of the roles. */
  all(...names: readonly string[]): AccessDecorator;
}

/** A decorator of names with a variant: `@Permissions(…)` and `@Permissions.any(…)`. */
export interface PermissionsDecorator {
  (...names: readonly string[]): AccessDecorator;
  /** Asks for one of the permissions. */
  any(...names: readonly string[]): AccessDecorator;
}

/**
 * Opens a route, or all routes of a class, to everybody: no token is read. `@Public(false)` closes it again.
 * A demand (`@Roles`, `@Permissions`) on a handler closes it under a public class; both on the same handler stop the boot.
 */
export function Public(...given: [isPublic?: boolean]): AccessDecorator {
  // An `undefined` that was handed in is a setting that is missing: only what was left out, or true, opens a door.
  const isPublic = given.length === 0 || given[0] === true;
  return note({ mode: isPublic ? 'public' : 'required', label: isPublic ? '@Public()' : '@Public(false)' });
}

/**
 * Lets everybody in and tells who is signed in: `@CurrentUser()` is `undefined` for nobody.
 * A bad bearer token is refused all the same; a bad cookie counts as nobody.
 */
export function OptionalAuth(): AccessDecorator {
  return note({ mode: 'optional', label: '@OptionalAuth()' });
}

/**
 * Asks for any of these project-level roles, or with `@Roles.all` for all of them; else 403 `ACCESS_ROLE_MISSING`.
 * Throws `CONFIG_DEMAND_EMPTY` without a name.
 * @example `@Roles('admin', 'editor') @Delete(':id') remove() {}`
 */
export const Roles: RolesDecorator = Object.assign(
  (...names: readonly string[]) => ask({ kind: 'roles', names, match: 'any' }, '@Roles'),
  { all: (...names: readonly string[]) => ask({ kind: 'roles', names, match: 'all' }, '@Roles.all') },
);

/**
 * Asks for all of these project-level permissions, or with `@Permissions.any` for one of them; else 403
 * `ACCESS_PERMISSION_MISSING`. Throws `CONFIG_DEMAND_EMPTY` without a name.
 * @example `@Permissions('reports:read') @Get() list() {}`
 */
export const Permissions: PermissionsDecorator = Object.assign(
  (...names: readonly string[]) => ask({ kind: 'permissions', names, match: 'all' }, '@Permissions'),
  {
    any: (...names: readonly string[]) =>
      ask({ kind: 'permissions', names, match: 'any' }, '@Permissions.any'),
  },
);

function ask(demand: Demand, decorator: string): AccessDecorator {
  const { names } = demand;
  if (names.length === 0 || !names.every((name) => typeof name === 'string' && name !== '')) {
    const message = `${decorator}() needs at least one name, each a non-empty text. To ask for a sign-in only, leave it out: the guard does.`;
    throw new DescopeConfigError('CONFIG_DEMAND_EMPTY', message, { decorator });
  }
  return note({ demand, label: `${decorator}(${names.map((name) => `'${name}'`).join(', ')})` });
}

// A method's entries stand in two places: on the function, and by name on its prototype, because another decorator
// may replace the function and a demand must not get lost with it.
function note(entry: AccessEntry): AccessDecorator {
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    if (key === undefined) return appendToClass(target, entry);
    append(target, entry, key);
    if (typeof descriptor?.value === 'function') append(descriptor.value as object, entry);
  };
}

// A class decorator may put a proxy or another function in the class's place; instances, and with them Nest, still
// name the class that their prototype knows.
function appendToClass(target: object, entry: AccessEntry): void {
  append(target, entry);
  const { prototype } = target as { readonly prototype?: { readonly constructor?: unknown } };
  const known = prototype?.constructor;
  if (typeof known === 'function' && known !== target && known.prototype === prototype) append(known, entry);
}

function append(target: object, entry: AccessEntry, key?: string | symbol): void {
  if (key === undefined) {
    const own = (Reflect.getOwnMetadata(ACCESS_METADATA, target) ?? []) as readonly AccessEntry[];
    return Reflect.defineMetadata(ACCESS_METADATA, [...own, entry], target);
  }
  const own = (Reflect.getOwnMetadata(ACCESS_METADATA, target, key) ?? []) as readonly AccessEntry[];
  Reflect.defineMetadata(ACCESS_METADATA, [...own, entry], target, key);
}
