// How requests and calls enter the context: HTTP before its routes, and every call in an interceptor.
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { map, Observable as Stream } from 'rxjs';
import { findService } from '../auth/access/find-provider.js';
import type { Application } from '../auth/applications.js';
import { findApplications } from '../auth/applications.js';
import { DESCOPE_APPLICATION, DESCOPE_CONFIG } from '../auth/injection-tokens.js';
import { recallAccepted, recallAnyUser } from '../auth/request-state.js';
import { readSession } from '../auth/request-user.js';
import type { ContextRequest, OpenCall } from '../auth/transports/call.js';
import { openCall, recallKey, toKey } from '../auth/transports/call.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeAccessError } from '../core/errors.js';
import { isThenable } from '../core/maybe-promise.js';
import type { DescopeSession } from '../core/session/session.js';
import { prependEnhancer, readHandlers, readMessageTransport } from '../inspect/handlers.js';
import type { VerifiedCaller } from './caller.js';
import { toVerifiedCaller } from './caller.js';
import type { CallerSource } from './descope.context.js';
import { CallerStorage } from './descope.context.js';

/** The application of DescopeModule, which need not be visible to every module. */
@Injectable()
export class OwnApplication {
  #owners: readonly [Application] | undefined;
  #loadsUsers: boolean | undefined;

  constructor(@Inject(ModuleRef) private readonly modules: ModuleRef) {}

  /**
   * The application, as the only owner of what is recalled.
   * @throws {DescopeConfigError} CONFIG_MODULE_MISSING
   */
  get owners(): readonly [Application] {
    return (this.#owners ??= [this.#find(DESCOPE_APPLICATION) as Application]);
  }

  /** Whether the option `loadUser` is set. */
  get loadsUsers(): boolean {
    return (this.#loadsUsers ??= (this.#find(DESCOPE_CONFIG) as DescopeConfig).loadUser !== undefined);
  }

  /** @throws {DescopeConfigError} CONFIG_MODULE_MISSING */
  assertPresent(): void {
    this.#owners ??= this.owners;
  }

  #find(token: string): unknown {
    return findService(this.modules, token, MODULE_MISSING);
  }
}

const MODULE_MISSING =
  'DescopeContextModule is imported, but no module imports DescopeModule.forRoot(), so no caller is ever known. Import DescopeModule.forRoot() in the root module.';

type Next = () => void;
type Hook = (request: ContextRequest, reply: object, done: Next) => void;

interface FastifyInstance {
  addHook(name: 'onRequest' | 'preValidation', hook: Hook): unknown;
}

/** Lets each HTTP request enter, before its guards; GraphQL over HTTP, too. */
@Injectable()
export class RequestEntrance {
  @Inject(HttpAdapterHost) private readonly host!: HttpAdapterHost;
  @Inject(CallerStorage) private readonly storage!: CallerStorage;
  @Inject(OwnApplication) private readonly own!: OwnApplication;

  /** Adds the entrance to the adapter itself, so that it also covers routes outside a global prefix. */
  apply(): void {
    const { own } = this;
    own.assertPresent();
    const enter = (request: ContextRequest, next: Next): void =>
      this.storage.run(toSource(toKey(request), own), next);
    const { httpAdapter } = this.host;
    if (httpAdapter.getType() !== 'fastify') {
      httpAdapter.use((request: ContextRequest, _response: object, next: Next) => enter(request, next));
      return;
    }
    const fastify = httpAdapter.getInstance<FastifyInstance>();
    const hook: Hook = (request, _reply, done) => enter(request, done);
    fastify.addHook('onRequest', hook);
    // Once more after the hooks of plugins, which may have gone on from a callback of another context.
    fastify.addHook('preValidation', hook);
  }
}

// Asked each time, because a guard decides later.
function toSource(key: object, own: OwnApplication): CallerSource {
  return () => {
    const session = recallAccepted(key, own.owners);
    return session && toCaller(session, { key, own });
  };
}

interface Place {
  readonly key: object;
  readonly own: OwnApplication;
}

// Nobody while `loadUser` runs: no guard has let the call pass yet.
function toCaller(session: DescopeSession, { key, own }: Place): VerifiedCaller | undefined {
  const loaded = recallAnyUser(key, own.owners);
  if (loaded === undefined) return own.loadsUsers ? undefined : toVerifiedCaller(session, session.user);
  return isThenable(loaded.user) ? undefined : toVerifiedCaller(session, loaded.user);
}

/** Lets each call of a handler enter: routes once more, messages, resolvers, subscriptions. */
@Injectable()
export class CallEntrance implements NestInterceptor {
  @Inject(CallerStorage) private readonly storage!: CallerStorage;
  @Inject(OwnApplication) private readonly own!: OwnApplication;

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(ApplicationConfig) config: ApplicationConfig,
  ) {
    config.addGlobalInterceptor(this);
    const handlers = readHandlers(modules);
    // Nest 11 runs no global interceptor for sockets, and a hybrid application none for its messages.
    for (const { handler } of handlers)
      if (readMessageTransport(handler) !== undefined)
        prependEnhancer(handler, 'interceptors', messageEntrance);
  }

  /**
   * Lets messages in, once the set-up is known to be sound: what an application leaves behind whose boot was refused does not
   * stand before the messages of another one.
   * @throws {DescopeConfigError} CONFIG_MODULE_MISSING
   */
  openToMessages(): void {
    entrances.set(this.own.owners[0], new WeakRef(this));
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const type: string = context.getType();
    const source = this.#toSource(context); // the guards have decided
    const results = new Stream((subscriber) =>
      this.storage.run(source, () => next.handle().subscribe(subscriber)),
    );
    return type === 'graphql' ? results.pipe(map((result) => this.#follow(result, source))) : results;
  }

  // A route enters once more: middleware may have gone on from a callback in the context of another request.
  #toSource(context: ExecutionContext): CallerSource {
    const { own } = this;
    const call = openCall(context, own.owners[0]);
    const isRoute = context.getType() === 'http' && !own.owners[0].transports.has('http');
    if (isRoute) return toSource(call.key, own);
    const caller = this.#read(call);
    return () => caller;
  }

  #read(call: OpenCall): VerifiedCaller | undefined {
    const { own } = this;
    try {
      return toCaller(readSession(call), { key: recallKey(call), own });
    } catch (error) {
      if (error instanceof DescopeAccessError) return undefined; // TRANSPORT_UNKNOWN: a public handler without a request
      throw error;
    }
  }

  // A subscription runs on where its next event is asked for.
  #follow(result: unknown, source: CallerSource): unknown {
    if (!isAsyncIterator(result)) return result;
    const run = (name: 'next' | 'return' | 'throw', value: unknown) =>
      this.storage.run(source, async () => result[name]?.(value) ?? { done: true, value });
    const followed: Events = {
      next: (value) => run('next', value),
      return: (value) => run('return', value),
      throw: (value) => run('throw', value),
      [Symbol.asyncIterator]: () => followed,
    };
    return followed;
  }
}

type Step = (value?: unknown) => Promise<IteratorResult<unknown>>;

interface Events extends AsyncIterable<unknown> {
  readonly next: Step;
  readonly return?: Step;
  readonly throw?: Step;
}

function isAsyncIterator(value: unknown): value is Events {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'next' in value;
}

// Before messages there is one interceptor for all applications of the process, which may share a handler's class. It lets
// them enter the application that they belong to. One that nobody has guarded may be of several: each reads by its own storage
// what its own guard has accepted. None is kept alive here, because it knows the container of its application.
const entrances = new WeakMap<Application, WeakRef<NestInterceptor>>();

const messageEntrance: NestInterceptor = {
  intercept: (context, next) =>
    findApplications(context)
      .flatMap((application) => entrances.get(application)?.deref() ?? [])
      .reduce((inner, entrance) => toInner(entrance, context, inner), next)
      .handle(),
};

function toInner(entrance: NestInterceptor, context: ExecutionContext, inner: CallHandler): CallHandler {
  return { handle: () => entrance.intercept(context, inner) as Observable<unknown> };
}
