// The decorator of handlers of Descope's events, and the metadata that it writes.
import 'reflect-metadata';
import { DescopeConfigError } from '../core/errors.js';
import type { DescopeAuditAction, DescopeAuditEvent } from '../core/webhook/audit-event.js';

/** The action of an event, or `'*'` for every event. A project may have actions that the documentation does not name. */
export type DescopeEventName = DescopeAuditAction | '*' | (string & {});

/** A decorator for a method that takes an event. */
export type EventDecorator = <Method extends (event: DescopeAuditEvent) => unknown>(
  prototype: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

const METADATA = 'nestjs-descope:events';

// One counter for all copies of the package in a process.
const DECORATED = Symbol.for('nestjs-descope:event-handlers');
const shared = globalThis as { [DECORATED]?: { count: number } };
const decorated = (shared[DECORATED] ??= { count: 0 });

/**
 * Calls a method of a controller or provider for Descope's events, which the option `events` receives. `'*'` stands for every
 * event, also for those that the documentation does not name. Each method is called once for an event; if it throws, or its
 * promise rejects, Descope is asked to send the event again.
 * @param actions the actions, at least one
 * @returns a decorator for a method of a class without request scope
 * @throws {DescopeConfigError} CONFIG_INVALID when no action is given, or when the method is static
 * @see https://docs.descope.com/audit-trails-and-integrations/audit-events
 * @example
 * ```ts
 * @OnDescopeEvent('UserDeleted')
 * async forget(event: DescopeAuditEvent): Promise<void> {
 *   await this.accounts.delete({ descopeId: event.userId });
 * }
 * ```
 */
export function OnDescopeEvent(
  ...actions: readonly [DescopeEventName, ...DescopeEventName[]]
): EventDecorator {
  assertActions(actions);
  return (prototype, name) => {
    if (typeof prototype === 'function')
      throw invalid(`${String(name)} is static. Decorate a method of the instance`);
    decorated.count += 1;
    const own = Reflect.getOwnMetadata(METADATA, prototype, name) as readonly string[] | undefined;
    Reflect.defineMetadata(METADATA, [...new Set([...(own ?? []), ...actions])], prototype, name);
  };
}

/** Checks whether the decorator was used in this process at all. */
export function hasEventHandlers(): boolean {
  return decorated.count > 0;
}

/**
 * Reads the actions of a method. They are stored by its name and not on the function, which another decorator may replace; an
 * overridden method keeps them.
 */
export function readActions(prototype: object, name: string | symbol): readonly string[] {
  return (Reflect.getMetadata(METADATA, prototype, name) ?? []) as readonly string[];
}

function assertActions(actions: readonly unknown[]): void {
  if (actions.length > 0 && actions.every((action) => typeof action === 'string' && action !== '')) return;
  throw invalid("needs at least one action, such as 'UserDeleted', or '*' for every event");
}

function invalid(what: string): DescopeConfigError {
  return new DescopeConfigError('CONFIG_INVALID', `@OnDescopeEvent(): ${what}.`);
}
