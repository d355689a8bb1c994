// Looks at every handler once at boot: a demand that contradicts itself, or that no guard covers, stops it.
import { APP_GUARD } from '@nestjs/core';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { AuthGuard } from '../../auth/auth.guard.js';
import { isMessageHandler, readAccessPolicy, readGuards, readMethods } from '../../auth/access.policy.js';
import type { AccessPolicy } from '../../auth/access/add-up.js';
import type { HandlerClass } from '../../auth/access.policy.js';
import { DescopeConfigError } from '../../core/errors.js';

/** Where to look: the application's modules, and its global guards. */
export interface ScanInput {
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
}

/** Asserts that demands can be kept. Throws `CONFIG_DEMAND_CONTRADICTED` or `CONFIG_DEMAND_UNGUARDED`. */
export function assertAccessKept(input: ScanInput): void {
  const isGlobal = isGuardGlobal(input);
  for (const type of readClasses(input.modules)) {
    for (const [name, handler] of readMethods(type)) {
      const where = `${type.name}.${String(name)}`;
      const policy = readAccessPolicy(type, handler); // throws what is contradicted
      if (isWeaker(readAccessPolicy(toKnownClass(type), handler), policy)) throw unread(where);
      const isCovered = isGlobal && !isMessageHandler(handler);
      if (isCovered || policy.demands.length === 0 || readGuards(type, handler).some(isAuthGuard)) continue;
      throw unguarded(where);
    }
  }
}

// Nest names the class of an instance by `instance.constructor`, which a mixin that copies all members overwrites.
function toKnownClass(type: HandlerClass): HandlerClass {
  const { constructor } = type.prototype as { readonly constructor: unknown };
  return isClass(constructor) ? constructor : type;
}

function isWeaker(policy: AccessPolicy, asked: AccessPolicy): boolean {
  if (asked.mode !== 'required') return false;
  return policy.mode !== 'required' || !asked.demands.every((demand) => policy.demands.includes(demand));
}

function readClasses(modules: ModulesContainer): Set<HandlerClass> {
  const classes = new Set<HandlerClass>();
  for (const module of modules.values()) {
    for (const wrapper of [...module.controllers.values(), ...module.providers.values()]) {
      if (isClass(wrapper.metatype) && wrapper.inject === undefined) classes.add(wrapper.metatype);
    }
  }
  return classes;
}

function isGuardGlobal({ modules, application }: ScanInput): boolean {
  const providers = [...modules.values()].flatMap((module) => [...module.providers.values()]);
  // A test may override the guard: whatever stands under its token counts as one.
  const standIns = providers
    .filter(({ token }) => isAuthGuard(token))
    .map(({ instance }) => instance as unknown);
  const isGuard = (guard: unknown): boolean => isAuthGuard(guard) || standIns.includes(guard);
  if (application.getGlobalGuards().some(isGuard)) return true;
  const scoped = [...modules.values()].flatMap((module) => [...module.injectables.values()]);
  return [...providers, ...scoped].some(
    ({ token, name, metatype, instance }) =>
      isGlobalToken(token ?? name) && (isGuard(instance) || isAuthGuard(metatype)),
  );
}

// Nest registers each APP_GUARD under a token of its own; a name that only begins like it is no global guard.
function isGlobalToken(token: unknown): boolean {
  return typeof token === 'string' && token.startsWith(`${APP_GUARD} (UUID: `);
}

function isAuthGuard(guard: unknown): boolean {
  if (guard instanceof AuthGuard) return true;
  return typeof guard === 'function' && (guard === AuthGuard || guard.prototype instanceof AuthGuard);
}

function isClass(value: unknown): value is HandlerClass {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

function unread(where: string): DescopeConfigError {
  const message = `What ${where} asks for cannot be read where it is called, because "prototype.constructor" of its class is another class. Let the mixin or decorator that put it there leave "constructor" alone.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

function unguarded(where: string): DescopeConfigError {
  const message = `${where} asks for roles or permissions, and no AuthGuard covers it. Add @UseGuards(AuthGuard) there, or leave globalGuard on; a handler of messages needs its own, because a global guard does not reach those of a hybrid application.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}
