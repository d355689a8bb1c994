// The route that receives the deliveries of Descope's audit webhook, and the providers that it needs.
import type { Provider, Type } from '@nestjs/common';
import { Controller, Inject, Post, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { Public } from '../auth/access/access.decorators.js';
import {
  DESCOPE_CONFIG,
  DESCOPE_EVENTS,
  DESCOPE_NOTIFY,
  DESCOPE_SESSIONS,
  DESCOPE_STORE,
} from '../auth/injection-tokens.js';
import type { DescopeConfig } from '../core/config/config.js';
import type { Notify } from '../core/logging.js';
import type { Sessions } from '../core/session/auto-refresh.js';
import type { KeyValueStore } from '../core/store/key-value-store.js';
import { Documented, noteController } from '../routes/auth.controller.js';
import type { FrameworkRequest, FrameworkResponse } from '../routes/route-call.js';
import { EventHandlers } from './event-handlers.js';
import type { EventsRoute } from './events.route.js';

/** The name of the method that receives deliveries. */
export const EVENTS_HANDLER = 'events';

const DOCS = {
  summary: "Receives Descope's audit webhook",
  responses: {
    200: 'Every handler has processed the events',
    401: 'The signature is missing or not valid',
    500: 'A handler has failed',
    503: 'Not stored for all instances yet',
  },
};

/** Creates the controller of one registration. It is public: the signature is what proves the sender. */
export function createEventsController(path: string): Type {
  @Controller({ path, version: VERSION_NEUTRAL })
  class DescopeEventsController {
    @Inject(DESCOPE_EVENTS) private readonly route!: EventsRoute;

    @Post('events')
    @Public()
    @Documented(DOCS)
    events(@Req() request: FrameworkRequest, @Res() response: FrameworkResponse): Promise<void> {
      return this.route.respond(request, response);
    }
  }
  noteController(DescopeEventsController, path);
  return DescopeEventsController satisfies new () => Record<typeof EVENTS_HANDLER, unknown>;
}

/** Lists the providers that the controller needs. Their code is loaded while the application starts. */
export function toEventProviders(controller: Type): Provider[] {
  return [
    EventHandlers,
    {
      provide: DESCOPE_EVENTS,
      inject: [
        ...[DESCOPE_CONFIG, DESCOPE_SESSIONS, DESCOPE_NOTIFY, DESCOPE_STORE, EventHandlers],
        ...[ModulesContainer, ApplicationConfig, HttpAdapterHost],
      ],
      useFactory: (...parts: [...RouteParts, ...ServerParts]) => createRoute(controller, parts),
    },
  ];
}

type RouteParts = [DescopeConfig, Sessions, Notify, KeyValueStore | undefined, EventHandlers];
type ServerParts = [ModulesContainer, ApplicationConfig, HttpAdapterHost];

async function createRoute(
  controller: Type,
  parts: readonly [...RouteParts, ...ServerParts],
): Promise<EventsRoute> {
  const [config, { revocations }, notify, store, handlers, modules, application, host] = parts;
  const { EventsRoute } = await import('./events.route.js');
  const routing = { controller, handler: EVENTS_HANDLER, modules, application, host };
  const route = new EventsRoute({ config, revocations, notify, store, handlers, routing });
  route.register();
  return route;
}
