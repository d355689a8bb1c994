// Demands on what only the application itself calls: Nest asks no guard there, so nobody would judge them.
import 'reflect-metadata';
import type { ModulesContainer } from '@nestjs/core';
import type { HandlerClass } from '../../auth/access.policy.js';
import { ACCESS_METADATA } from '../../auth/access/note.js';
import { DescopeConfigError } from '../../core/errors.js';
import { isClass, readClasses, readMethodsOf } from './handlers.js';
import type { FoundHandler } from './handlers.js';

// What Nest 11 and 12 note on any provider, and its enhancers and params, which say nothing of who calls.
const SILENT_METADATA: readonly unknown[] = [
  ACCESS_METADATA,
  '__injectable__',
  'scope:options',
  'self:paramtypes',
  'self:properties_metadata',
  'optional:paramtypes',
  'optional:properties_metadata',
  '__guards__',
  '__pipes__',
  '__interceptors__',
  '__exceptionFilters__',
  '__routeArguments__',
];

/**
 * Tells whether nothing indicates that a framework calls a method: no note of any on it or its class, nor on a class of
 * the application that extends it. A framework that keeps its list elsewhere asks no guards of Nest's either.
 */
export function isUnjudged(found: FoundHandler, modules: ModulesContainer): boolean {
  if (isClassMarked(found.type) || isMarked(found)) return false;
  const heirs = [...readClasses(modules)].filter((type) => type.prototype instanceof found.type);
  return !heirs.some((heir) => isClassMarked(heir) || readMethodsOf(heir).some(isMarked));
}

/** The error for a demand that nobody would look at. */
export function unjudged(where: string): DescopeConfigError {
  const message = `${where} asks for something, itself or by its class, and nobody would look at it: Nest asks guards before handlers of controllers, resolvers, gateways and the like, and this is a method of a plain provider, which only the application itself calls. Ask for it at the handlers that call it, or check the user in its code (user.hasRole). If something calls it through Nest's ExternalContextCreator, say so by any @SetMetadata() there.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

function isMarked({ type, name, handler }: FoundHandler): boolean {
  const ofPrototype = Reflect.getMetadataKeys(type.prototype as object, name) as unknown[];
  const ofClass = Reflect.getMetadataKeys(type, name) as unknown[];
  return [...ofPrototype, ...ofClass, ...readKeys(handler)].some(isTelling);
}

// Where a decorator put another function in the class's place, the notes stand on the one its prototype knows.
function isClassMarked(type: HandlerClass): boolean {
  const prototype = type.prototype as { readonly constructor: unknown };
  const known = isClass(prototype.constructor) ? readKeys(prototype.constructor) : [];
  return [...readKeys(type), ...readKeys(prototype), ...known].some(isTelling);
}

function readKeys(target: object): readonly unknown[] {
  return Reflect.getMetadataKeys(target) as unknown[];
}

function isTelling(key: unknown): boolean {
  return !SILENT_METADATA.includes(key) && !(typeof key === 'string' && key.startsWith('design:'));
}
