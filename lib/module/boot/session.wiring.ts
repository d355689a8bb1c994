// Puts the session step before every route: on Express as middleware, on Fastify as a hook.
import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DESCOPE_CONFIG } from '../../auth/injection-tokens.js';
import { DescopeSessionMiddleware, addSessionHook } from '../../auth/session/session.middleware.js';
import { SessionStep } from '../../auth/session/session-step.js';
import type { DescopeConfig } from '../../core/config/config.js';

@Injectable()
export class SessionWiring {
  @Inject(HttpAdapterHost) private readonly host!: HttpAdapterHost;

  constructor(
    @Inject(DESCOPE_CONFIG) private readonly config: DescopeConfig,
    @Inject(DescopeSessionMiddleware) private readonly middleware: DescopeSessionMiddleware,
    @Inject(SessionStep) private readonly step: SessionStep,
  ) {}

  /**
   * Applies the step where `session` is configured, before Nest registers its routes. It goes through the adapter
   * itself, so that it also covers routes outside a global prefix, and comes behind session plugins that were set up
   * before the application started to listen.
   */
  apply(): void {
    if (!this.config.session.isOn) return;
    const adapter = this.host.httpAdapter;
    if (adapter.getType() === 'fastify') return addSessionHook(adapter.getInstance(), this.step);
    adapter.use(this.middleware.use.bind(this.middleware));
  }
}
