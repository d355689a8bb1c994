// Adds up what is asked at a handler, at its class and above: one policy, that further demands only make stricter.
import { DescopeConfigError } from '../../core/errors.js';
import { isAdmissionDemand, readTenantSources } from '../../core/user/demands.js';
import type { Demand, RequestValueSource } from '../../core/user/demands.js';
import type { AccessEntry, AccessMode } from './note.js';
import type { AccessRule } from '../rules/rules.js';

/** What a handler asks of its caller. Without a decorator: a signed-in user. */
export interface AccessPolicy {
  readonly mode: AccessMode;
  readonly demands: readonly Demand[];
  /** Where the request must be asked for tenants, read from the demands once. Default: read from them each time. */
  readonly tenantSources?: readonly RequestValueSource[];
  /** What the application decides itself, once the demands are met. Default: nothing. */
  readonly rules?: readonly AccessRule[];
}

/** What stands at one place: a handler, or a class. */
export type Level = readonly AccessEntry[];

/**
 * Adds up what is asked from near to far: at the handler, at what it overrides, at its class, at the classes above.
 * The nearest mode wins; a demand nearer than it closes the route. A closed route asks for everything, near and far,
 * so that a further decorator can make it stricter and never weaker.
 */
export function addUp(levels: readonly Level[]): AccessPolicy {
  const decisive = levels.findIndex((level) => level.some(({ mode }) => mode !== undefined));
  const mode = levels[decisive]?.find((entry) => entry.mode !== undefined)?.mode ?? 'required';
  const isClosed = mode === 'required' || levels.slice(0, decisive).some(hasDemand);
  const demands = levels.flat().flatMap(({ demand }) => (demand === undefined ? [] : [demand]));
  if (!isClosed) {
    // Where being signed in is optional, it still counts only for the callers and audiences that are asked for.
    const kept = mode === 'optional' ? demands.filter(isAdmissionDemand) : [];
    return Object.freeze({ mode, demands: kept, rules: [] });
  }
  // Decorators run from the inside out: turned round, rules stand as they are written, the class's first.
  const entries = levels.flat().reverse();
  const rules = entries.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
  return Object.freeze({ mode: 'required', demands, tenantSources: readTenantSources(demands), rules });
}

/** Asserts that what one level notes can be meant together. Throws `CONFIG_DEMAND_CONTRADICTED`. */
export function assertConsistent(level: Level, where: string): void {
  const modes = new Set(level.flatMap(({ mode }) => (mode === undefined ? [] : [mode])));
  const closing = modes.has('public') ? hasDemand(level) : modes.has('optional') && level.some(isClosing);
  if (modes.size <= 1 && !closing) return;
  const labels = level.map(({ label }) => label);
  const message = `${labels.join(' and ')} contradict each other at ${where}. Keep one of them.`;
  throw new DescopeConfigError('CONFIG_DEMAND_CONTRADICTED', message, { where, decorators: labels });
}

/**
 * Asserts that grants in the tenant of the route have one to be asked in, and that somebody is left who may call.
 * Throws `CONFIG_DEMAND_TENANTLESS` or `CONFIG_DEMAND_CONTRADICTED`.
 */
export function assertMeaningful({ demands }: AccessPolicy, where: string): void {
  const inRoute = demands.some((demand) => 'tenant' in demand && demand.tenant === true);
  if (inRoute && !demands.some(({ kind }) => kind === 'tenant')) {
    const message = `${where} asks for a grant with { tenant: true }, and no @Tenant says which that is. Add @Tenant({ from }) there or on its class.`;
    throw new DescopeConfigError('CONFIG_DEMAND_TENANTLESS', message, { where });
  }
  const kinds = demands.flatMap((demand) => (demand.kind === 'accepts' ? [demand.kinds] : []));
  if (kinds.length === 0 || kinds[0]?.some((kind) => kinds.every((list) => list.includes(kind)))) return;
  const message = `The @Accepts of ${where} and of its class have no kind of caller in common, so nobody could call it.`;
  throw new DescopeConfigError('CONFIG_DEMAND_CONTRADICTED', message, { where });
}

function hasDemand(level: Level): boolean {
  return level.some(({ demand, rule }) => demand !== undefined || rule !== undefined);
}

function isClosing({ demand, rule }: AccessEntry): boolean {
  return rule !== undefined || (demand !== undefined && !isAdmissionDemand(demand));
}
