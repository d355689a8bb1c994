// On Fastify: a body that nothing in the application reads, posted to our routes, is refused in our words.
import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { DESCOPE_NOTIFY } from '../../auth/injection-tokens.js';
import type { Notify } from '../../core/notice.js';
import { refuseBody } from '../../routes/session/request-body.js';
import { answer } from '../../routes/route-call.js';
import { readServedRoutes } from './shadowed-routes.js';

type Answered = Parameters<typeof answer>;
type ErrorHandler = (error: unknown, request: Answered[0], response: Answered[1]) => Promise<void>;

/** What Fastify tells of a route that is registered, as far as it is read. */
interface FastifyRoute {
  readonly url: string;
  readonly method: string | readonly string[];
  errorHandler?: ErrorHandler | undefined;
}

interface FastifyInstance {
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): unknown;
}

@Injectable()
export class UnreadBodies {
  @Inject(ModulesContainer) readonly modules!: ModulesContainer;
  @Inject(ApplicationConfig) readonly application!: ApplicationConfig;
  @Inject(HttpAdapterHost) readonly host!: HttpAdapterHost;
  @Inject(DESCOPE_NOTIFY) private readonly notify!: Notify;

  /**
   * Gives our routes an error handler, before Nest registers them. Fastify asks for a parser before any handler of
   * Nest's, and which type it has one for is known to it alone: they may be registered by a pattern.
   */
  apply(): void {
    if (this.host.httpAdapter.getType() !== 'fastify') return;
    const routes = readServedRoutes(this).filter(({ isOurs, method }) => isOurs && method === 'POST');
    if (routes.length === 0) return;
    const paths = new Set(routes.map(({ path }) => path));
    const fastify: FastifyInstance = this.host.httpAdapter.getInstance();
    fastify.addHook('onRoute', (route) => {
      if (paths.has(route.url) && [route.method].flat().includes('POST')) route.errorHandler ??= this.#refuse;
    });
  }

  readonly #refuse: ErrorHandler = (error, request, response) => {
    const { code } = error as { readonly code?: unknown };
    if (code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') throw error; // on to the application's own handler
    return answer(request, response, { run: refuseBody, notify: this.notify });
  };
}
