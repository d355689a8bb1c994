// Every method of an application that Nest could call as a handler.
import type { ModulesContainer } from '@nestjs/core';
import type { AccessPolicy } from '../../auth/access/add-up.js';
import { readMethods } from '../../auth/access.policy.js';
import type { Handler, HandlerClass } from '../../auth/access.policy.js';
import { readResolverNote } from './handler-metadata.js';

/** A method, and the class that it is asked about with. */
export interface FoundHandler {
  readonly type: HandlerClass;
  readonly name: string | symbol;
  readonly handler: Handler;
}

/** A handler, and what it asks. */
export interface AskedHandler extends FoundHandler {
  /** `Class.method` */
  readonly where: string;
  readonly policy: AccessPolicy;
  /** The parts of its paths; `undefined` where it is not routed. */
  readonly paths: readonly string[] | undefined;
}

/** A class of which the application has an instance. */
export interface FoundClass {
  readonly type: HandlerClass;
  readonly module: object;
  /** Whether the application made the instance itself: of those GraphQL alone asks for handlers. */
  readonly isMade: boolean;
}

/** Lists the methods of all controllers and providers, and of instances that the application made those of GraphQL. */
export function readHandlers(modules: ModulesContainer): readonly FoundHandler[] {
  const classes = readClasses(modules);
  const made = new Set(readFoundClasses(modules).flatMap(({ type }) => (classes.has(type) ? [] : [type])));
  const isResolver = ({ type, name, handler }: FoundHandler): boolean =>
    readResolverNote(type, handler, String(name)) !== undefined;
  return [...[...classes].flatMap(readMethodsOf), ...[...made].flatMap(readMethodsOf).filter(isResolver)];
}

/** Lists the methods of a class. */
export function readMethodsOf(type: HandlerClass): FoundHandler[] {
  return [...readMethods(type)].map(([name, handler]) => ({ type, name, handler }));
}

/** Lists the classes of all controllers and providers that Nest makes itself. */
export function readClasses(modules: ModulesContainer): Set<HandlerClass> {
  return new Set(readFoundClasses(modules).flatMap(({ type, isMade }) => (isMade ? [] : [type])));
}

/** Lists the classes of all controllers and providers, in each module that has them. */
export function readFoundClasses(modules: ModulesContainer): FoundClass[] {
  return [...modules.values()].flatMap((module) =>
    [...module.controllers.values(), ...module.providers.values()].flatMap((wrapper) => {
      const { metatype, inject } = wrapper;
      const isMade = !isClass(metatype) || inject !== undefined;
      const type = isMade ? readClass(wrapper.instance) : metatype;
      return isClass(type) ? [{ type, module: module.metatype, isMade }] : [];
    }),
  );
}

/** Tells whether a value can be asked for the methods of its instances. */
export function isClass(value: unknown): value is HandlerClass {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

// Without asking the instance itself, which may be a proxy that answers to any name.
function readClass(instance: unknown): unknown {
  if (typeof instance !== 'object' || instance === null) return undefined;
  const prototype = Object.getPrototypeOf(instance) as object | null;
  return prototype === null ? undefined : Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
}
