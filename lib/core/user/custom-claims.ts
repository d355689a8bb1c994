// Custom claims, checked by a schema (Standard Schema 1), and the names of roles and permissions that an application declares.
import { DescopeAccessError } from '../errors.js';
import type { MaybePromise } from '../maybe-promise.js';
import { whenReady } from '../maybe-promise.js';
import type { DescopeClaims } from '../token/claims.js';

const MAX_PATHS = 10;

/** Checks a token's claims by the schema, and returns its output. Throws or rejects with `CLAIMS_REFUSED`. */
export function readCustomClaims(claims: DescopeClaims, schema: StandardSchema): MaybePromise<CustomClaims> {
  return whenReady(schema['~standard'].validate(claims), requireOutput);
}

function requireOutput(result: SchemaResult<unknown>): CustomClaims {
  if (result.issues !== undefined) throw rejected(result.issues);
  const { value } = result;
  if (typeof value !== 'object' || value === null) throw rejected([]);
  freezePlain(value);
  return value as CustomClaims;
}

// A schema may output dates, maps or instances of classes, which must not be frozen.
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
  const message = `The token's claims do not match claimsSchema ${where}. Compare the schema with the project's JWT template. Access keys have a JWT template of their own.`;
  return new DescopeAccessError('CLAIMS_REFUSED', message, { paths });
}

// The path, never the value: the message of a library may quote the value.
function toPath({ path = [] }: SchemaIssue): string {
  const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return keys.length === 0 ? '(all)' : keys.join('.');
}

// Standard Schema, version 1 (https://standardschema.dev), the part that is used.

/**
 * A flaw that a schema found in its input.
 * @see https://standardschema.dev
 */
export interface SchemaIssue {
  /** The description of the flaw. */
  readonly message: string;
  /** The path to the wrong member; left out for the whole input. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * The result of a schema: its output, or the flaws of its input.
 * @see https://standardschema.dev
 */
export type SchemaResult<Output> =
  | {
      /** The output. */
      readonly value: Output;
      /** Absent on success. */
      readonly issues?: undefined;
    }
  | {
      /** The flaws of the input. */
      readonly issues: readonly SchemaIssue[];
    };

/**
 * A schema of any library that implements Standard Schema 1: zod, valibot, ArkType, …
 * @see https://standardschema.dev
 */
export interface StandardSchema<Output = unknown> {
  /** The members of the standard. */
  readonly '~standard': {
    /** The version of the standard. */
    readonly version: 1;
    /** The name of the library. */
    readonly vendor: string;
    /** Checks a value. */
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

// Names that an application declares once, so that a misspelt name does not compile.

/**
 * The types that an application declares by augmenting this interface. `roles`, `permissions` and `tenants` are unions of
 * names; `claims` is the type of the custom claims; `user` is the type that `loadUser` returns. Each member is optional.
 * @example
 * declare module 'nestjs-descope' {
 *   interface DescopeRegister {
 *     roles: 'admin' | 'editor';
 *   }
 * }
 */
export interface DescopeRegister {}

/** The name of a role: any string, unless `roles` is declared in `DescopeRegister`. */
export type RoleName = DescopeRegister extends { readonly roles: infer Names extends string }
  ? Names
  : string;

/** The name of a permission: any string, unless `permissions` is declared in `DescopeRegister`. */
export type PermissionName = DescopeRegister extends { readonly permissions: infer Names extends string }
  ? Names
  : string;

/** The id of a tenant: any string, unless `tenants` is declared in `DescopeRegister`. */
export type TenantId = DescopeRegister extends { readonly tenants: infer Ids extends string } ? Ids : string;

/** The custom claims of a token: of type `unknown`, unless `claims` is declared in `DescopeRegister`. */
export type CustomClaims = DescopeRegister extends { readonly claims: infer Claims extends object }
  ? Readonly<Claims>
  : Readonly<Record<string, unknown>>;
