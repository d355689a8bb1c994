// The start and end of the application: checks, notices, keys, and the exceptions of transports.
import type {
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
  OnModuleInit,
} from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { countChanges } from '../auth/access/access-metadata.js';
import { findResourceDemand } from '../auth/access/access-policy.js';
import type { Application, Registration } from '../auth/applications.js';
import { registerApplication } from '../auth/applications.js';
import {
  DESCOPE_APPLICATION,
  DESCOPE_CONFIG,
  DESCOPE_GLOBAL_GUARD,
  DESCOPE_KEY_SET,
  DESCOPE_NOTIFY,
  DESCOPE_ROUTE_CHECKS,
  DESCOPE_SESSIONS,
  DESCOPE_STORE,
} from '../auth/injection-tokens.js';
import { addSessionHook, DescopeSessionMiddleware, SessionAttachment } from '../auth/session.middleware.js';
import { setSocketFilter, setTransportException } from '../auth/transports/transport.js';
import type { DescopeConfig } from '../core/config/config.js';
import { readStartupNotices } from '../core/config/startup-notices.js';
import { DescopeUnavailableError } from '../core/errors.js';
import type { Notify } from '../core/logging.js';
import type { RevocationSharing } from '../core/revocation/sharing.js';
import type { Sessions } from '../core/session/auto-refresh.js';
import type { KeyValueStore } from '../core/store/key-value-store.js';
import type { KeySet } from '../core/token/key-set.js';
import { readGraphqlEndpoints } from '../inspect/graphql-fields.js';
import { assertGuardOrder } from '../inspect/guard-order.js';
import type { HandlerWithPolicy } from '../inspect/handlers.js';
import { readFoundClasses } from '../inspect/handlers.js';
import { readOpenGateways, readOpenHandlers, readUncertainDemands } from '../inspect/never-guarded.js';
import { checkHandlers } from '../inspect/startup-checks.js';
import type { RouteChecks } from '../routes/route-checks.js';
import type { GlobalGuardPlan } from './global-guard.js';

// Registers the application in the process while it runs, so that its calls can be distinguished from another's.

/** Registers the application from `onModuleInit` until it has shut down. */
@Injectable()
export class ApplicationEntry implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  @Inject(ModulesContainer) private readonly modules!: ModulesContainer;
  @Inject(HttpAdapterHost) private readonly host!: HttpAdapterHost;
  @Inject(DESCOPE_APPLICATION) private readonly application!: Application;
  #registration: Registration | undefined;

  onModuleInit(): void {
    // A mixin may have overwritten "constructor", from which Nest reads the class of an instance.
    const classes = readFoundClasses(this.modules).flatMap(({ type }) => [type, toNamedClass(type)]);
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | null | undefined;
    const server: unknown = adapter?.getInstance();
    this.#registration = registerApplication(this.application, { classes, server });
  }

  onApplicationBootstrap(): void {
    this.#registration?.markRunning();
  }

  /** Called by Nest at the end, and by us when we refuse the boot: nobody closes the application then. */
  onApplicationShutdown(): void {
    this.#registration?.leave();
  }
}

function toNamedClass({ prototype }: { readonly prototype: unknown }): object {
  return (prototype as { readonly constructor: object }).constructor;
}

/** The hooks of the application's start and end. */
@Injectable()
export class DescopeStartup
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  @Inject(ModulesContainer) readonly modules!: ModulesContainer;
  @Inject(ApplicationConfig) readonly application!: ApplicationConfig;

  @Inject(DESCOPE_GLOBAL_GUARD) private readonly plan!: GlobalGuardPlan;
  @Inject(HttpAdapterHost) readonly host!: HttpAdapterHost;
  @Inject(DESCOPE_STORE) private readonly store?: KeyValueStore;
  @Inject(DESCOPE_ROUTE_CHECKS) private readonly routes?: RouteChecks;
  @Inject(DESCOPE_SESSIONS) private readonly sessions!: Sessions;
  @Inject(ApplicationEntry) private readonly entry!: ApplicationEntry;

  #handlers: readonly HandlerWithPolicy[] = [];
  #changesSeen = 0;

  constructor(
    @Inject(DESCOPE_CONFIG) private readonly config: DescopeConfig,
    @Inject(DESCOPE_KEY_SET) private readonly keys: KeySet,
    @Inject(DESCOPE_NOTIFY) private readonly notify: Notify,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.#orRefuse(() => this.#check());
  }

  /** Loads the keys. Without them the application starts nevertheless, unless `requireKeysAtBoot` is set. */
  async onApplicationBootstrap(): Promise<void> {
    await this.#orRefuse(async () => {
      await this.#checkAgain();
      await this.#connect();
    });
  }

  onModuleDestroy(): void {
    this.keys.close();
  }

  /** Later than the keys: until the server is closed, a request may still sign somebody out. */
  async onApplicationShutdown(): Promise<void> {
    await this.sharing?.close?.();
  }

  private get sharing(): RevocationSharing | undefined {
    return this.sessions.revocations.sharing;
  }

  // Nobody closes an application that we refuse to start.
  async #orRefuse(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.keys.close();
      this.entry.onApplicationShutdown();
      await this.sharing?.close?.().catch(() => undefined);
      throw error;
    }
  }

  async #check(): Promise<void> {
    const { modules, application, config } = this;
    const handlers = await this.#checkHandlers();
    const hasHttp = hasAdapter(this.host);
    assertGuardOrder({ modules, before: this.plan.before }, { application, handlers, hasHttp });
    const notices = [
      ...readStartupNotices(config),
      ...readOpenHandlers(handlers, { application, hasHttp }),
      ...readUncertainDemands(handlers, modules),
    ];
    for (const notice of notices) this.notify(notice);
    await setTransportExceptions(handlers);
  }

  async #checkAgain(): Promise<void> {
    if (this.#changesSeen !== countChanges()) await this.#checkHandlers(); // a hook of the application applied a decorator
    if (readGraphqlEndpoints(this.modules).length > 0) await this.#checkSchemas();
    if (hasAdapter(this.host))
      for (const notice of [...(this.routes?.readShadowed() ?? []), ...readOpenGateways(this.modules)])
        this.notify(notice);
  }

  async #connect(): Promise<void> {
    const hydrated = this.keys.hydrate();
    hydrated.catch(() => undefined); // the key set logs it, and retries
    await this.sharing?.start?.(); // before the store is asked: the client of a channel may still be connecting
    if (this.store !== undefined) await assertFits(this.store);
    if (this.config.requireKeysAtBoot) await hydrated.catch(failBoot);
  }

  // GraphQL's modules build their schemas in onModuleInit.
  async #checkSchemas(): Promise<void> {
    const { assertSchemasGuarded } = await import('../inspect/graphql-schema.js');
    assertSchemasGuarded(this.#handlers, this);
  }

  async #checkHandlers(): Promise<readonly HandlerWithPolicy[]> {
    const { modules, application, config, host } = this;
    this.#changesSeen = countChanges();
    this.#handlers = checkHandlers({ modules, application, config, hasHttp: hasAdapter(host) });
    if (this.#handlers.some(({ type }) => findResourceDemand(type) !== undefined)) {
      const { assertResources } = await import('../resource/resource-checks.js');
      assertResources(this.#handlers, { modules, application, config });
    }
    return this.#handlers;
  }
}

async function assertFits(store: KeyValueStore): Promise<void> {
  const { assertStoreFits } = await import('../core/store/store-probe.js');
  await assertStoreFits(store);
}

function failBoot(error: unknown): never {
  if (!(error instanceof DescopeUnavailableError)) throw error;
  const message = `${error.message} The option requireKeysAtBoot is set, so the application does not start without the keys. In a test, createTestDescope().override(…) of nestjs-descope/testing provides keys.`;
  const { code, cause, retryAfterSeconds } = error;
  throw new DescopeUnavailableError(code, message, { retryAfterSeconds, cause });
}

// In a microservice or an application context, Nest's factory sets the adapter to null; Nest's testing module leaves it out.
function hasAdapter({ httpAdapter }: HttpAdapterHost): boolean {
  return (httpAdapter ?? undefined) !== undefined;
}

/** Runs the refresh of sessions before every route: on Express as middleware, on Fastify as a hook. */
@Injectable()
export class SessionHookRegistration {
  @Inject(HttpAdapterHost) private readonly host!: HttpAdapterHost;

  constructor(
    @Inject(DESCOPE_CONFIG) private readonly config: DescopeConfig,
    @Inject(DescopeSessionMiddleware) private readonly middleware: DescopeSessionMiddleware,
    @Inject(SessionAttachment) private readonly step: SessionAttachment,
  ) {}

  /**
   * Applies the refresh if `session` is configured, before Nest registers its routes. It uses the adapter itself, so that it
   * also covers routes outside a global prefix, and runs after session plugins that were registered before the application
   * started to listen.
   */
  apply(): void {
    if (!this.config.session.isOn) return;
    const adapter = this.host.httpAdapter;
    if (adapter.getType() === 'fastify') addSessionHook(adapter.getInstance(), this.step);
    else adapter.use(this.middleware.use.bind(this.middleware));
  }
}

// Imports, at boot, the exception classes that Nest's filters of messages accept; their packages are optional.

/** Imports the packages of the transports for which the application has handlers. Never throws. */
export async function setTransportExceptions(handlers: readonly HandlerWithPolicy[]): Promise<void> {
  const transports = new Set(handlers.map(({ transport }) => transport));
  const learning: Promise<void>[] = [];
  if (transports.has('ws')) learning.push(learnWs());
  if (transports.has('rpc')) learning.push(learnRpc());
  await Promise.allSettled(learning); // without them messages are rejected, too, and Nest sends less detail
}

async function learnWs(): Promise<void> {
  const { BaseWsExceptionFilter, WsException } = await import('@nestjs/websockets');
  setTransportException('ws', WsException);
  setSocketFilter(new BaseWsExceptionFilter());
}

async function learnRpc(): Promise<void> {
  const { RpcException } = await import('@nestjs/microservices');
  setTransportException('rpc', RpcException);
}
