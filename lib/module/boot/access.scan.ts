// Looks at every handler once at boot: a demand that contradicts itself, or that no guard covers, stops it.
import { APP_GUARD } from '@nestjs/core';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { AuthGuard } from '../../auth/auth.guard.js';
import { readAccessPolicy, readGuards, readMethods } from '../../auth/access.policy.js';
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
      const { demands } = readAccessPolicy(type, handler); // throws what is contradicted
      if (isGlobal || demands.length === 0 || readGuards(type, handler).some(isAuthGuard)) continue;
      throw unguarded(`${type.name}.${String(name)}`);
    }
  }
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
  return providers.some(
    ({ token, name, metatype, instance }) =>
      String(token ?? name).startsWith(APP_GUARD) && (isGuard(instance) || isAuthGuard(metatype)),
  );
}

function isAuthGuard(guard: unknown): boolean {
  if (guard instanceof AuthGuard) return true;
  return typeof guard === 'function' && (guard === AuthGuard || guard.prototype instanceof AuthGuard);
}

function isClass(value: unknown): value is HandlerClass {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

function unguarded(where: string): DescopeConfigError {
  const message = `${where} asks for roles or permissions, and no AuthGuard covers it. Add @UseGuards(AuthGuard) there, or leave globalGuard on.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}
