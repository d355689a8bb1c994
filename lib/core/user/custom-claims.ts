// The application's own claims of a token: checked by its schema, where it has one.
import { DescopeAccessError } from '../errors.js';
import type { MaybePromise } from '../maybe-promise.js';
import { whenReady } from '../maybe-promise.js';
import type { DescopeClaims } from '../token/claims.js';

const MAX_PATHS = 10;

/** Checks a token's claims by the schema, and returns its output. Throws or rejects with `CLAIMS_REFUSED`. */
export function readCustomClaims(claims: DescopeClaims, schema: StandardSchema): MaybePromise<CustomClaims> {
  return whenReady(schema['~standard'].validate(claims), toClaims);
}

function toClaims(result: SchemaResult<unknown>): CustomClaims {
  if (result.issues !== undefined) throw rejected(result.issues);
  const { value } = result;
  if (typeof value !== 'object' || value === null) throw rejected([]);
  freezePlain(value);
  return value as CustomClaims;
}

// A schema may output dates, maps or instances of classes, which are not ours to freeze.
function freezePlain(value: object): void {
  const isPlain = (item: unknown): item is object =>
    Array.isArray(item) ||
    (typeof item === 'object' &&
      item !== null &&
      [Object.prototype, null].includes(Object.getPrototypeOf(item) as null));
  const open: unknown[] = [value];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (!isPlain(item) || Object.isFrozen(item)) continue;
    Object.freeze(item);
    open.push(...(Object.values(item) as unknown[]).filter((member) => member !== undefined));
  }
}

function rejected(issues: readonly SchemaIssue[]): DescopeAccessError {
  const paths = [...new Set(issues.slice(0, MAX_PATHS).map(toPath))];
  const where = paths.length === 0 ? 'as a whole' : `at ${paths.join(', ')}`;
  const message = `The token's claims do not fit claimsSchema ${where}. Compare it with the project's JWT template; tokens of access keys have one of their own.`;
  return new DescopeAccessError('CLAIMS_REFUSED', message, { paths });
}

// The path, and never the value: a library's own message may quote it.
function toPath({ path = [] }: SchemaIssue): string {
  const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return keys.length === 0 ? '(all)' : keys.join('.');
}

// Standard Schema, version 1 (https://standardschema.dev), as far as it is used.

/** One flaw of a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The output of a schema, or the flaws of its input. */
export type SchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/**
 * A schema of any library that follows the standard: zod, valibot, ArkType, …
 * @see https://standardschema.dev
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => MaybePromise<SchemaResult<Output>>;
  };
}

/** Checks whether a value is a Standard Schema; ArkType's are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = '~standard' in value ? value['~standard'] : undefined;
  if (typeof standard !== 'object' || standard === null || !('version' in standard)) return false;
  return standard.version === 1 && 'validate' in standard && typeof standard.validate === 'function';
}

// Names that an application declares once, so that a misspelt one does not compile.

/**
 * What an application declares about its Descope project, by augmenting this interface: `roles`, `permissions` and
 * `tenants` as unions of names, `claims` as the type of its custom claims, `user` as what `loadUser` returns. What is
 * left out stays as open as it is without.
 * @example `declare module 'nestjs-descope' { interface DescopeRegister { roles: 'admin' | 'editor' } }`
 */
export interface DescopeRegister {}

/** A role's name: any string, unless `roles` is registered. */
export type RoleName = DescopeRegister extends { readonly roles: infer Names extends string }
  ? Names
  : string;

/** A permission's name: any string, unless `permissions` is registered. */
export type PermissionName = DescopeRegister extends { readonly permissions: infer Names extends string }
  ? Names
  : string;

/** A tenant's id: any string, unless `tenants` is registered. */
export type TenantId = DescopeRegister extends { readonly tenants: infer Ids extends string } ? Ids : string;

/** The custom claims of the project's tokens: of unknown types, unless `claims` is registered. */
export type CustomClaims = DescopeRegister extends { readonly claims: infer Claims extends object }
  ? Readonly<Claims>
  : Readonly<Record<string, unknown>>;
