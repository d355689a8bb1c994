// What a schema library offers to others: Standard Schema, version 1 (https://standardschema.dev), as far as it is used.
import type { MaybePromise } from '../maybe-promise.js';

/** One thing that a value lacks. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The value as the schema gives it, or what it lacks. */
export type SchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** A schema of any library that follows the standard: zod, valibot, ArkType, … */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => MaybePromise<SchemaResult<Output>>;
  };
}

/** Tells whether a value is such a schema; ArkType's are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = '~standard' in value ? value['~standard'] : undefined;
  if (typeof standard !== 'object' || standard === null || !('version' in standard)) return false;
  return standard.version === 1 && 'validate' in standard && typeof standard.validate === 'function';
}
