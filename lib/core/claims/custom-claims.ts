// The application's own claims of a token: checked by its schema, where it has one.
import { DescopeAccessError } from '../errors.js';
import { whenReady } from '../maybe-promise.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { DescopeClaims } from '../token/claims.js';
import type { CustomClaims } from './register.js';
import type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.js';

const MAX_PATHS = 10;

/** Checks a token's claims by the schema, and gives what that makes of them. Throws or rejects with `CLAIMS_REFUSED`. */
export function readCustomClaims(claims: DescopeClaims, schema: StandardSchema): MaybePromise<CustomClaims> {
  return whenReady(schema['~standard'].validate(claims), toClaims);
}

function toClaims(result: SchemaResult<unknown>): CustomClaims {
  if (result.issues !== undefined) throw refused(result.issues);
  const { value } = result;
  if (typeof value !== 'object' || value === null) throw refused([]);
  freezePlain(value);
  return value as CustomClaims;
}

// A schema may make dates, maps or classes, which are not ours to freeze.
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

function refused(issues: readonly SchemaIssue[]): DescopeAccessError {
  const paths = [...new Set(issues.slice(0, MAX_PATHS).map(toPath))];
  const where = paths.length === 0 ? 'as a whole' : `at ${paths.join(', ')}`;
  const message = `The token's claims do not fit claimsSchema ${where}. Compare it with the project's JWT template; tokens of access keys have one of their own.`;
  return new DescopeAccessError('CLAIMS_REFUSED', message, { paths });
}

// Where it is, and never what stands there: a library's own message may quote the value.
function toPath({ path = [] }: SchemaIssue): string {
  const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return keys.length === 0 ? '(all)' : keys.join('.');
}
