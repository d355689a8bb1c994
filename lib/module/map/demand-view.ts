// Demands and rules → data that can be printed, compared and sent: functions and classes by their names.
import type { AccessPolicy } from '../../auth/access/add-up.js';

/** What JSON can say. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** One thing that a handler demands: its kind (`'roles'`, `'tenant'`, `'policy'`, …) and what belongs to it. */
export interface AccessMapDemand {
  readonly kind: string;
  readonly [detail: string]: JsonValue;
}

/** Gives the demands of a policy as data, the token's first, each once. */
export function toDemandViews({ demands, rules = [] }: AccessPolicy): AccessMapDemand[] {
  const views = new Map<string, AccessMapDemand>();
  for (const demand of [...demands, ...rules]) {
    const view = toData(demand) as AccessMapDemand;
    views.set(JSON.stringify(view), view);
  }
  return [...views.values()];
}

/** Says a demand in a few words: `roles: admin or editor, in the tenant of param:id`. */
export function toDemandText(demand: AccessMapDemand): string {
  const { kind, names, kinds, match, tenant, from, orProject, ...others } = demand;
  const list = toTexts(names ?? kinds).join(match === 'all' ? ' and ' : ' or ');
  const details = Object.entries(others).map(([name, value]) =>
    name === kind ? toText(value) : `${name} ${toText(value)}`,
  );
  const parts = [
    list,
    ...(from === undefined ? [] : [toText(from)]),
    ...(tenant === undefined
      ? []
      : [tenant === true ? "in the route's tenant" : `in the tenant of ${toText(tenant)}`]),
    ...(orProject === true ? ['or in the project'] : []),
    ...details,
  ].filter(Boolean);
  return parts.length === 0 ? kind : `${kind}: ${parts.join(', ')}`;
}

function toTexts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.map(toText) : [];
}

function toText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function toData(value: unknown): JsonValue {
  if (typeof value === 'function') return value.name || 'a function';
  if (Array.isArray(value)) return value.map(toData);
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(members.map(([name, member]) => [name, toData(member)]));
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : String(value);
}
