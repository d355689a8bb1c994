// Every method of an application that Nest could call as a handler.
import type { ModulesContainer } from '@nestjs/core';
import { readMethods } from '../../auth/access.policy.js';
import type { Handler, HandlerClass } from '../../auth/access.policy.js';

/** A method, and the class that it is asked about with. */
export interface FoundHandler {
  readonly type: HandlerClass;
  readonly name: string | symbol;
  readonly handler: Handler;
}

/** Lists the methods of all controllers and providers. */
export function readHandlers(modules: ModulesContainer): readonly FoundHandler[] {
  return [...readClasses(modules)].flatMap(readMethodsOf);
}

/** Lists the methods of a class. */
export function readMethodsOf(type: HandlerClass): FoundHandler[] {
  return [...readMethods(type)].map(([name, handler]) => ({ type, name, handler }));
}

/** Lists the classes of all controllers and providers. */
export function readClasses(modules: ModulesContainer): Set<HandlerClass> {
  const classes = new Set<HandlerClass>();
  for (const module of modules.values()) {
    for (const wrapper of [...module.controllers.values(), ...module.providers.values()]) {
      if (isClass(wrapper.metatype) && wrapper.inject === undefined) classes.add(wrapper.metatype);
    }
  }
  return classes;
}

/** Tells whether a value can be asked for the methods of its instances. */
export function isClass(value: unknown): value is HandlerClass {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}
