// The order of guards: those that count rejections, those of `globalGuard.before`, AuthGuard, then all others.
import type { CanActivate, Type } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { AuthGuard } from '../auth/auth.guard.js';
import { isAuthController } from '../auth/injection-tokens.js';
import { DescopeConfigError } from '../core/errors.js';
import type { HandlerWithPolicy } from './handlers.js';
import { isAuthGuard, isReached } from './handlers.js';

/** The guards that run before AuthGuard, and the container that has the guards. */
export interface GuardOrder {
  readonly modules: ModulesContainer;
  readonly before: readonly Type<CanActivate>[];
}

// One set for all copies of the package in a process.
const EARLY = Symbol.for('nestjs-descope:early-guards');
const shared = globalThis as { [EARLY]?: Set<Type<CanActivate>> };
const early = (shared[EARLY] ??= new Set());

/**
 * Puts a class of guards and its subclasses before AuthGuard, unless `globalGuard.before` lists them elsewhere. They count
 * what AuthGuard rejects, and need no user on the request.
 */
export function putBeforeAuth(type: Type<CanActivate>): void {
  early.add(type);
}

/** Checks whether a guard is one that `putBeforeAuth` names. */
export function isEarly(guard: unknown, modules: ModulesContainer): boolean {
  return [...early].some((type) => isOf(guard, type, modules));
}

type ScopedGuard = ReturnType<ApplicationConfig['getGlobalRequestGuards']>[number];

/** Sorts global guards in place. Nest runs request-scoped ones after all others. */
export function sortGuards(application: ApplicationConfig, order: GuardOrder): void {
  const rankOf = (guard: unknown): number => toRank(guard, order);
  application.getGlobalGuards().sort((one, other) => rankOf(one) - rankOf(other));
  const ofScoped = (guard: ScopedGuard): number => toRank(toClass(guard), order);
  application.getGlobalRequestGuards().sort((one, other) => ofScoped(one) - ofScoped(other));
}

/** What the order is checked for. */
export interface OrderFacts {
  readonly application: ApplicationConfig;
  readonly handlers: readonly HandlerWithPolicy[];
  readonly hasHttp: boolean;
}

/**
 * Asserts that global guards run in their order, that all guards of `before` are global, and that no handler has a guard
 * after AuthGuard which counts what AuthGuard rejects.
 * @throws {DescopeConfigError} CONFIG_GUARD_ORDER
 */
export function assertGuardOrder(order: GuardOrder, facts: OrderFacts): void {
  const { application, handlers } = facts;
  const fixed: readonly unknown[] = application.getGlobalGuards();
  const scoped: readonly unknown[] = application.getGlobalRequestGuards().map(toClass);
  for (const listed of order.before) {
    if (fixed.some((guard) => isOf(guard, listed, order.modules))) continue;
    throw scoped.some((guard) => isOf(guard, listed, order.modules)) ? unfit(listed) : missing(listed);
  }
  const ordered = [...fixed, ...scoped];
  const late = scoped.find((guard) => isEarly(guard, order.modules));
  if (late !== undefined)
    throw uncounted(late, 'is request-scoped, and Nest runs such guards after all others');
  for (const handler of handlers) assertCounted(handler, ordered, { order, facts });
  const ours = ordered.findIndex((guard) => isOurs(guard, order.modules));
  const isPlaced = ({ type, guards }: HandlerWithPolicy): boolean =>
    guards.some(isAuthGuard) && !isAuthController(type);
  if (ours < 0 && !handlers.some(isPlaced)) return;
  const first = ours < 0 ? ordered : ordered.slice(0, ours);
  const unlisted = first.find((guard) => toRank(guard, order) > order.before.length);
  if (unlisted !== undefined) throw unordered(unlisted, ours >= 0);
}

// What AuthGuard rejects on a handler is counted by a guard before it, or there is none that counts.
function assertCounted(
  { where, policy, guards, transport }: HandlerWithPolicy,
  ordered: readonly unknown[],
  { order: { modules }, facts }: { readonly order: GuardOrder; readonly facts: OrderFacts },
): void {
  if (policy.mode === 'public' || !guards.some((guard) => isEarly(guard, modules))) return;
  const chain = isReached(transport, facts.hasHttp) ? [...ordered, ...guards] : guards;
  const auth = chain.findIndex((guard) => isOurs(guard, modules));
  const counting = chain.findIndex((guard) => isEarly(guard, modules));
  if (auth >= 0 && auth < counting)
    throw uncounted(chain[counting], `is on ${where} (@UseGuards), where AuthGuard runs before it`);
}

function toRank(guard: unknown, { modules, before }: GuardOrder): number {
  const index = before.findIndex((listed) => isOf(guard, listed, modules));
  if (index >= 0) return index;
  if (isEarly(guard, modules)) return -1;
  return isOurs(guard, modules) ? before.length : before.length + 1;
}

function isOurs(guard: unknown, modules: ModulesContainer): boolean {
  return isAuthGuard(guard) || isOf(guard, AuthGuard, modules);
}

// An instance of the class, the class itself, or what a test provides under the class as a token.
function isOf(guard: unknown, type: Type<CanActivate>, modules: ModulesContainer): boolean {
  if (guard === type || guard instanceof type) return true;
  if (typeof guard === 'function') return guard.prototype instanceof type;
  if (typeof guard !== 'object' || guard === null) return false;
  return [...modules.values()].some(({ providers }) => providers.get(type)?.instance === guard);
}

function toClass({ metatype, isAlias, inject }: ScopedGuard): unknown {
  return isAlias ? inject?.[0] : metatype;
}

function missing({ name }: Type): DescopeConfigError {
  const message = `globalGuard.before lists ${name}, but no such guard is global. Register it as APP_GUARD, or remove it from the list.`;
  return new DescopeConfigError('CONFIG_GUARD_ORDER', message, { guard: name });
}

function unfit({ name }: Type): DescopeConfigError {
  const message = `globalGuard.before lists ${name}, but ${name} is request-scoped: Nest runs such guards after all others. Make it a singleton (no scope), or remove it from the list.`;
  return new DescopeConfigError('CONFIG_GUARD_ORDER', message, { guard: name });
}

function unordered(guard: unknown, isGlobal: boolean): DescopeConfigError {
  const name = toName(guard);
  const why = isGlobal
    ? 'and AuthGuard is request-scoped, or is registered after it'
    : 'and AuthGuard is on handlers only (@UseGuards)';
  const message = `The global guard ${name} runs before AuthGuard, and sees no user: it is global, ${why}. Leave globalGuard on, which puts AuthGuard first. Or, if ${name} needs no user, list it: globalGuard: { register: false, before: [${name}] }.`;
  return new DescopeConfigError('CONFIG_GUARD_ORDER', message, { guard: name });
}

function uncounted(guard: unknown, why: string): DescopeConfigError {
  const name = toName(guard);
  const message = `${name} ${why}, so it would not count what AuthGuard rejects. Register it for all handlers, { provide: APP_GUARD, useClass: ${name} }, which puts it before AuthGuard, and mark handlers without a limit @SkipThrottle(). Before single handlers, it must come first: globalGuard: false and @UseGuards(${name}, AuthGuard).`;
  return new DescopeConfigError('CONFIG_GUARD_ORDER', message, { guard: name });
}

function toName(guard: unknown): string {
  if (typeof guard === 'function') return guard.name;
  return typeof guard === 'object' && guard !== null ? guard.constructor.name : String(guard);
}
