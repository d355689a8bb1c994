// Asks Descope whether the caller is related to what the request names.
import { assertValueSource, invalid } from '../access/definition.js';
import { note } from '../access/note.js';
import type { AccessDecorator } from '../access/note.js';
import type { ValueSource } from '../access/request-value.js';

/** Which relation is asked for. */
export interface FgaCheckOptions {
  /** The type of the resource, as the project's schema names it. */
  readonly resourceType: string;
  /** Where the request names the resource. */
  readonly resource: ValueSource;
  /** The relation or permission of that type. */
  readonly relation: string;
  /** The caller's type in the schema; their id is the target. Default: `'user'`. */
  readonly targetType?: string;
}

const NAMES = ['resourceType', 'relation', 'targetType'] as const;

/**
 * Asks Descope's fine-grained authorization for a relation of the caller to the resource that the request names; else
 * 403 `ACCESS_RELATION_MISSING`, or `ACCESS_RESOURCE_UNNAMED` where it names none. Where Descope does not tell: 503
 * `FGA_UNAVAILABLE`. Needs `managementKey`. All checks of a request are one call.
 * @example `@FgaCheck({ resourceType: 'doc', resource: 'param:id', relation: 'can_view' }) @Get('docs/:id') show() {}`
 */
export function FgaCheck(options: FgaCheckOptions): AccessDecorator {
  const { resourceType, resource, relation, targetType = 'user', ...others } = { ...options };
  const names = { resourceType, relation, targetType };
  const isNamed = NAMES.every((name) => typeof names[name] === 'string' && names[name] !== '');
  if (!isNamed || Object.keys(others).length > 0)
    throw invalid('@FgaCheck()', '{ resourceType, resource, relation }, and at most a targetType');
  assertValueSource(resource, '@FgaCheck({ resource })');
  return note({
    rule: { kind: 'relation', resource, ...names },
    label: `@FgaCheck(${resourceType}#${relation})`,
  });
}
