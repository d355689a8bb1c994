// What happens once when the application starts, and once when it ends.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import {
  DESCOPE_CONFIG,
  DESCOPE_GLOBAL_GUARD,
  DESCOPE_KEY_SET,
  DESCOPE_NOTIFY,
} from '../../auth/injection-tokens.js';
import type { DescopeConfig } from '../../core/config/config.js';
import type { Notify } from '../../core/notice.js';
import { DescopeUnavailableError } from '../../core/errors.js';
import type { KeySet } from '../../core/keys/key-set.js';
import { assertStoresFit } from '../../core/session/store-probe.js';
import { assertAccessKept } from '../scan/access.scan.js';
import type { AskedHandler } from '../scan/handlers.js';
import { assertSchemasKept } from '../scan/graphql-schema.js';
import { assertGuardOrder } from '../scan/guard-order.js';
import { readBootNotices } from './boot-notices.js';
import type { GlobalGuardPlan } from './global-guards.js';
import { readOpenGateways, readOpenHandlers, readUnsureDemands } from './open-handlers.js';
import { readShadowedRoutes } from './shadowed-routes.js';
import { learnThrownClasses } from './thrown-classes.js';

@Injectable()
export class DescopeBoot implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  @Inject(ModulesContainer) readonly modules!: ModulesContainer;
  @Inject(ApplicationConfig) readonly application!: ApplicationConfig;

  @Inject(DESCOPE_GLOBAL_GUARD) private readonly plan!: GlobalGuardPlan;
  @Inject(HttpAdapterHost) readonly host!: HttpAdapterHost;

  #asked: readonly AskedHandler[] = [];

  constructor(
    @Inject(DESCOPE_CONFIG) private readonly config: DescopeConfig,
    @Inject(DESCOPE_KEY_SET) private readonly keys: KeySet,
    @Inject(DESCOPE_NOTIFY) private readonly notify: Notify,
  ) {}

  async onModuleInit(): Promise<void> {
    const { modules, application, config, host } = this;
    const hasHttp = hasAdapter(host);
    const asked = assertAccessKept({ modules, application, config, hasHttp });
    assertGuardOrder(application, { modules, before: this.plan.before }, asked);
    const notices = [
      ...readBootNotices(config),
      ...readOpenHandlers(asked, { application, hasHttp }),
      ...readUnsureDemands(asked, modules),
    ];
    for (const notice of notices) this.notify(notice);
    this.#asked = asked;
    await learnThrownClasses(asked);
  }

  /** Loads the keys ahead. Without them the application starts all the same, unless `requireKeysAtBoot` says otherwise. */
  async onApplicationBootstrap(): Promise<void> {
    assertSchemasKept(this.#asked, this); // which GraphQL's modules build in onModuleInit
    if (hasAdapter(this.host))
      for (const notice of [...readShadowedRoutes(this), ...readOpenGateways(this.modules)])
        this.notify(notice);
    const hydrated = this.keys.hydrate();
    hydrated.catch(() => undefined); // noted by the key set, which recovers by itself
    await assertStoresFit(this.config.session, this.notify);
    if (this.config.requireKeysAtBoot) await hydrated.catch(failBoot);
  }

  onModuleDestroy(): void {
    this.keys.close();
  }
}

function failBoot(error: unknown): never {
  if (!(error instanceof DescopeUnavailableError)) throw error;
  const message = `${error.message} The option requireKeysAtBoot is set, so the application does not start without them. A test needs none: createTestDescope().override(…) of nestjs-descope/testing brings its own.`;
  const { code, cause, retryAfterSeconds } = error;
  throw new DescopeUnavailableError(code, message, { retryAfterSeconds, cause });
}

// Nest's factory gives a microservice, or a context, an adapter that is null, its testing module none at all.
function hasAdapter({ httpAdapter }: HttpAdapterHost): boolean {
  return (httpAdapter ?? undefined) !== undefined;
}
