// The module: forRoot and forRootAsync compose it from its parts.
import type { DynamicModule, NestModule, OnModuleInit, Provider, Type } from '@nestjs/common';
import { Inject, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { AuthGuard } from '../auth/auth.guard.js';
import {
  DESCOPE_APPLICATION,
  DESCOPE_AUTHENTICATOR,
  DESCOPE_CLIENT,
  DESCOPE_CONFIG,
  DESCOPE_EXPLAIN,
  DESCOPE_LOGIN_PATH,
  DESCOPE_NOTIFY,
  DESCOPE_OPTIONS,
  DESCOPE_RESOURCE_METADATA,
  DESCOPE_RESOURCES,
  DESCOPE_ROUTE_CHECKS,
  DESCOPE_SESSIONS,
  DESCOPE_STATIC_OPTIONS,
} from '../auth/injection-tokens.js';
import { RejectionFilter } from '../auth/rejection.filter.js';
import { DescopeSessionMiddleware, SessionAttachment } from '../auth/session.middleware.js';
import { DescopeSockets } from '../auth/transports/descope.sockets.js';
import { toTransportsProvider } from '../auth/transports/transports-option.js';
import { describe } from '../core/config/option-reader.js';
import { DescopeConfigError } from '../core/errors.js';
import { EventsOff } from '../events/event-handlers.js';
import { createEventsController, toEventProviders } from '../events/events.controller.js';
import { assertStaticScopes, OptionsCircleModule } from '../inspect/dependencies.js';
import type { ResourceMetadata } from '../resource/metadata.routes.js';
import { createAuthController, toRoutesProvider } from '../routes/auth.controller.js';
import type { RouteChecks } from '../routes/route-checks.js';
import { DEFAULT_PATH, toMountable } from '../routes/routes.options.js';
import { DescopeHealthIndicator } from './descope.health.js';
import type {
  DescopeModuleAsyncOptions,
  DescopeModuleExtras,
  DescopeModuleOptions,
  StaticOptions,
} from './descope.options.js';
import { ConfigurableModuleClass, OptionsFailure, toStaticOptions } from './descope.options.js';
import { descopeProviders, sessionProviders } from './descope.providers.js';
import { DescopeRevocations } from './descope.revocations.js';
import { DescopeService } from './descope.service.js';
import { ApplicationEntry, DescopeStartup, SessionHookRegistration } from './descope.startup.js';
import { MessageFilters, toGuardProviders } from './global-guard.js';
import { provideCopies, shareClasses } from './late-services.js';
import { DescopeM2mClient } from './m2m.client.js';
import { toLoginPathProvider, toRouteChecksProviders } from './mounted.providers.js';

/**
 * Protects an application with Descope: every handler requires a session unless it is `@Public()`. Import it once, in the
 * root module. Options that are left out are read from the environment (`DESCOPE_PROJECT_ID`, …).
 * @example `@Module({ imports: [DescopeModule.forRoot({ projectId: 'P…' })] }) export class AppModule {}`
 */
@Module({})
export class DescopeModule implements NestModule, OnModuleInit {
  // Only dependencies that are never request-scoped: Nest calls no hooks of a module that is.
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ModuleRef) private readonly own: ModuleRef,
  ) {}

  /**
   * Registers the module with static options. If some are not valid, the boot stops with one `CONFIG_INVALID` that lists all
   * mistakes.
   * @returns the dynamic module, for `imports` of the root module
   * @example `DescopeModule.forRoot({ audience: 'https://api.example.com', routes: {} })`
   */
  static forRoot(options: DescopeModuleOptions = {}): DynamicModule {
    return compose(ConfigurableModuleClass.forRoot(options), options, toStaticOptions(options, false));
  }

  /**
   * Registers the module with options from a factory: `useFactory`, `useClass` or `useExisting`. The options of
   * `DescopeModuleExtras` are written beside the factory.
   * @returns the dynamic module, for `imports` of the root module
   * @example
   * ```ts
   * DescopeModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ projectId: config.get<string>('DESCOPE_PROJECT') }),
   *   routes: {},
   * });
   * ```
   */
  static forRootAsync(options: DescopeModuleAsyncOptions): DynamicModule {
    return compose(ConfigurableModuleClass.forRootAsync(options), options, toStaticOptions(options, true));
  }

  /**
   * Called by Nest before it registers routes: checks the set-up, and applies the refresh of sessions if it is configured.
   * @throws {DescopeConfigError} CONFIG_MODULE_MISSING, CONFIG_MODULE_DUPLICATE or CONFIG_SCOPE_INVALID
   */
  configure(): void {
    this.#assertSound();
    this.own.get<ResourceMetadata | undefined>(DESCOPE_RESOURCE_METADATA, { strict: true })?.apply();
    this.own.get(SessionHookRegistration, { strict: true }).apply();
    this.own.get<RouteChecks | undefined>(DESCOPE_ROUTE_CHECKS, { strict: true })?.rejectUnreadBodies();
  }

  /**
   * Called by Nest when the module is initialised: checks the set-up.
   * @throws {DescopeConfigError} CONFIG_MODULE_MISSING, CONFIG_MODULE_DUPLICATE or CONFIG_SCOPE_INVALID
   */
  onModuleInit(): void {
    this.#assertSound();
  }

  // Called twice, because Nest does not call `configure` in a microservice.
  #assertSound(): void {
    assertRegisteredOnce(this.modules);
    assertStaticScopes(this.modules, DescopeModule);
  }
}

// The dependencies of AuthGuard: every module with @UseGuards(AuthGuard) needs them.
const GUARD_PARTS = [
  DESCOPE_APPLICATION,
  DESCOPE_CONFIG,
  DESCOPE_AUTHENTICATOR,
  DESCOPE_SESSIONS,
  DESCOPE_LOGIN_PATH,
  DESCOPE_NOTIFY,
  DESCOPE_RESOURCES,
  DESCOPE_EXPLAIN,
];

const CLASSES = {
  DescopeService,
  DescopeRevocations,
  DescopeHealthIndicator,
  DescopeSockets,
  DescopeM2mClient,
};
shareClasses(CLASSES);

const EXPORTED = [...Object.values(CLASSES), AuthGuard, DESCOPE_CLIENT, ...GUARD_PARTS];

function compose(
  definition: DynamicModule,
  extras: DescopeModuleExtras,
  fixed: StaticOptions,
): DynamicModule {
  const routes = extras.routes === undefined ? undefined : toMountable(extras.routes);
  const events = toEventParts(extras);
  const copies = provideCopies(CLASSES);
  return {
    ...definition,
    module: DescopeModule,
    global: extras.isGlobal !== false,
    imports: [...(definition.imports ?? []), ConfigModule, OptionsCircleModule],
    controllers: [...(routes === undefined ? [] : [createAuthController(routes)]), ...events.controllers],
    providers: [
      ...(definition.providers ?? []).map(keepFailure),
      { provide: DESCOPE_STATIC_OPTIONS, useValue: fixed },
      ...descopeProviders,
      ...sessionProviders,
      toLoginPathProvider(routes),
      toTransportsProvider(extras.transports),
      ...toGuardProviders(extras.globalGuard),
      ...[
        SessionAttachment,
        DescopeSessionMiddleware,
        SessionHookRegistration,
        DescopeStartup,
        ApplicationEntry,
        AuthGuard,
      ],
      ...[RejectionFilter, MessageFilters],
      ...[...Object.values(CLASSES), ...copies],
      ...(routes === undefined ? [] : [toRoutesProvider(routes)]),
      ...events.providers,
      ...toRouteChecksProviders(routes !== undefined || events.controllers.length > 0),
    ],
    exports: [...EXPORTED, ...copies],
  };
}

interface EventParts {
  readonly controllers: readonly Type[];
  readonly providers: readonly Provider[];
}

function toEventParts({ events, routes }: DescopeModuleExtras): EventParts {
  if (events === false) return { controllers: [], providers: [] };
  if (events === undefined) return { controllers: [], providers: [EventsOff] };
  const controller = createEventsController(toMountable(routes).path ?? DEFAULT_PATH);
  return { controllers: [controller], providers: toEventProviders(controller) };
}

// A factory may throw because an environment variable is missing. A test that passes its options needs no environment.
function keepFailure(provider: Provider): Provider {
  if (!('provide' in provider) || provider.provide !== DESCOPE_OPTIONS || !('useFactory' in provider))
    return provider;
  const { useFactory } = provider;
  return {
    ...provider,
    useFactory: async (...args: unknown[]): Promise<unknown> => {
      try {
        return assertOptions(await (useFactory(...args) as unknown));
      } catch (error) {
        return new OptionsFailure(error);
      }
    },
  };
}

function assertOptions(given: unknown): unknown {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given;
  const got = given === undefined ? 'nothing' : describe(given);
  const message = `The factory of DescopeModule.forRootAsync() returned ${got}; expected an object with the options. Return {} if environment variables set them all.`;
  throw new DescopeConfigError('CONFIG_INVALID', message);
}

function assertRegisteredOnce(modules: ModulesContainer): void {
  const registered = [...modules.values()].filter(({ metatype }) => metatype === DescopeModule);
  const configured = registered.filter((module) => module.providers.has(DESCOPE_OPTIONS));
  if (configured.length === 0) {
    const message =
      'DescopeModule is imported without options. Import DescopeModule.forRoot() in the root module. In a test of a single controller, import DescopeTestingModule.forRoot(createTestDescope()) of nestjs-descope/testing.';
    throw new DescopeConfigError('CONFIG_MODULE_MISSING', message);
  }
  if (registered.length === 1) return;
  const message =
    'DescopeModule is imported more than once. Import DescopeModule.forRoot() in the root module only: its providers are visible everywhere. With isGlobal: false, store the result of forRoot() in a constant, and import that same object wherever it is needed.';
  throw new DescopeConfigError('CONFIG_MODULE_DUPLICATE', message);
}
