// Finds the methods with @OnDescopeEvent when the application starts, and refuses those that would never be called.
import type { OnModuleInit } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { HandlerClass } from '../auth/access/access-policy.js';
import { readMethods } from '../auth/access/access-policy.js';
import { DescopeConfigError } from '../core/errors.js';
import type { DescopeAuditEvent } from '../core/webhook/audit-event.js';
import type { EventHandler } from '../core/webhook/event-delivery.js';
import { hasEventHandlers, readActions } from './on-descope-event.js';

/** The handlers of an application that receives events. */
@Injectable()
export class EventHandlers implements OnModuleInit {
  @Inject(ModulesContainer) private readonly modules!: ModulesContainer;
  #found: readonly EventHandler[] = [];

  /** The handlers, in the order of modules. */
  get all(): readonly EventHandler[] {
    return this.#found;
  }

  /**
   * Finds the handlers.
   * @throws {DescopeConfigError} CONFIG_SCOPE_INVALID for a handler of a class that is created for each request
   */
  onModuleInit(): void {
    this.#found = toHandlers(readDecorated(this.modules));
  }
}

/** Refuses handlers where no event is received. */
@Injectable()
export class EventsOff implements OnModuleInit {
  @Inject(ModulesContainer) private readonly modules!: ModulesContainer;
  @Inject(HttpAdapterHost) private readonly host!: HttpAdapterHost;

  /**
   * Checks an application with HTTP. A microservice may share modules with the application that receives the events.
   * @throws {DescopeConfigError} CONFIG_EVENTS_OFF
   */
  onModuleInit(): void {
    const adapter: unknown = this.host.httpAdapter;
    if (adapter === undefined || adapter === null || !hasEventHandlers()) return;
    const [first] = readDecorated(this.modules);
    if (first === undefined) return;
    const message = `${first.where} has @OnDescopeEvent(), but this application receives no events. Set events: { secret } in DescopeModule, next to the factory if there is one. With events: false its handlers are never called.`;
    throw new DescopeConfigError('CONFIG_EVENTS_OFF', message, { where: first.where });
  }
}

interface DecoratedMethod {
  /** `Class.method` */
  readonly where: string;
  readonly name: string | symbol;
  readonly actions: readonly string[];
  readonly instance: object;
  /** Whether there is one instance for all requests. */
  readonly isStatic: boolean;
}

type Method = (event: DescopeAuditEvent) => unknown;

function toHandlers(methods: readonly DecoratedMethod[]): readonly EventHandler[] {
  const counts = new Map<string, number>();
  return methods.map(({ where, name, actions, instance, isStatic }) => {
    if (!isStatic) throw scoped(where);
    const count = (counts.get(where) ?? 0) + 1;
    counts.set(where, count);
    const handle: Method = (event) => (instance as Record<typeof name, Method>)[name]?.(event);
    return { name: count === 1 ? where : `${where} (${count})`, actions, handle };
  });
}

// By instance: a provider may be known by several tokens.
function readDecorated(modules: ModulesContainer): readonly DecoratedMethod[] {
  const seen = new Set<object>();
  return [...modules.values()].flatMap((module) =>
    [...module.controllers.values(), ...module.providers.values()].flatMap((wrapper) => {
      const instance: unknown = wrapper.instance;
      if (typeof instance !== 'object' || instance === null || seen.has(instance)) return [];
      seen.add(instance);
      const isStatic = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
      return readMethodsOf(instance).map((method) => ({ ...method, instance, isStatic }));
    }),
  );
}

// Without reading a member of the instance itself, which may be a proxy that has every name.
function readMethodsOf(instance: object): Pick<DecoratedMethod, 'where' | 'name' | 'actions'>[] {
  const prototype = Object.getPrototypeOf(instance) as object | null;
  const type: unknown = prototype && Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (prototype === null || prototype === Object.prototype || typeof type !== 'function') return [];
  return [...readMethods({ prototype } as unknown as HandlerClass).keys()].flatMap((name) => {
    const actions = readActions(prototype, name);
    return actions.length === 0 ? [] : [{ where: `${type.name}.${String(name)}`, name, actions }];
  });
}

function scoped(where: string): DescopeConfigError {
  const message = `${where} has @OnDescopeEvent(), and its class is created for each request, or for each class that injects it: there is no instance for an event. Remove the scope from it and from what it injects.`;
  return new DescopeConfigError('CONFIG_SCOPE_INVALID', message, { where });
}
