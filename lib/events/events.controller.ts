// The route that receives the deliveries of Descope's audit webhook, and the providers that it needs.
import type { Provider, Type } from '@nestjs/common';
import { Controller, Inject, Injectable, Post, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { Public } from '../auth/access/access.decorators.js';
import { DESCOPE_CONFIG, DESCOPE_NOTIFY, DESCOPE_SESSIONS, DESCOPE_STORE } from '../auth/injection-tokens.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeRequestError } from '../core/errors.js';
import { readHeader } from '../core/http/request.js';
import type { Notify } from '../core/logging.js';
import type { Sessions } from '../core/session/auto-refresh.js';
import type { KeyValueStore } from '../core/store/key-value-store.js';
import { EventDelivery } from '../core/webhook/event-delivery.js';
import { EventMemory } from '../core/webhook/event-memory.js';
import type { ReceivedBody } from '../core/webhook/webhook-signature.js';
import { MAX_BODY_BYTES, requireSignature, verifyBody } from '../core/webhook/webhook-signature.js';
import { Documented, noteController } from '../routes/auth.controller.js';
import type { FrameworkRequest, FrameworkResponse, RouteCall, RouteResponse } from '../routes/route-call.js';
import { respond } from '../routes/route-call.js';
import { EventHandlers } from './event-handlers.js';
import { EVENTS_HANDLER, RawBodies } from './raw-bodies.js';

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
    @Inject(EventsRoute) private readonly route!: EventsRoute;
    @Inject(DESCOPE_NOTIFY) private readonly notify!: Notify;

    @Post('events')
    @Public()
    @Documented(DOCS)
    events(@Req() request: FrameworkRequest, @Res() response: FrameworkResponse): Promise<void> {
      return respond(request, response, { run: (call) => this.route.receive(call), notify: this.notify });
    }
  }
  noteController(DescopeEventsController, path);
  return DescopeEventsController satisfies new () => Record<typeof EVENTS_HANDLER, unknown>;
}

/** Lists the providers that the controller needs. */
export function toEventProviders(controller: Type): Provider[] {
  return [
    EventsRoute,
    EventHandlers,
    {
      provide: RawBodies,
      inject: [ModulesContainer, ApplicationConfig, HttpAdapterHost],
      useFactory: (modules: ModulesContainer, application: ApplicationConfig, host: HttpAdapterHost) => {
        const bodies = new RawBodies({ controller, modules, application, host });
        bodies.register();
        return bodies;
      },
    },
    {
      provide: EventDelivery,
      inject: [DESCOPE_CONFIG, DESCOPE_SESSIONS, DESCOPE_NOTIFY, DESCOPE_STORE],
      useFactory: createDelivery,
    },
  ];
}

type DeliveryParts = readonly [DescopeConfig, Sessions, Notify, KeyValueStore | undefined];

function createDelivery(...[config, { revocations }, notify, store]: DeliveryParts): EventDelivery {
  const { clock, projectId, verification } = config;
  const memory = new EventMemory(clock, store);
  return new EventDelivery({
    memory,
    revocations,
    notify,
    clock,
    leewayMs: 1000 * verification.leewaySeconds,
    projectId,
  });
}

/** `POST events`. */
@Injectable()
export class EventsRoute {
  @Inject(EventDelivery) private readonly delivery!: EventDelivery;
  @Inject(EventHandlers) private readonly handlers!: EventHandlers;
  @Inject(RawBodies) private readonly bodies!: RawBodies;
  @Inject(DESCOPE_CONFIG) private readonly config!: DescopeConfig;

  /**
   * Verifies a delivery, and processes its events.
   * @throws {DescopeCredentialError} WEBHOOK_SIGNATURE_MISSING, WEBHOOK_SIGNATURE_INVALID
   * @throws {DescopeRequestError} REQUEST_BODY_INVALID, REQUEST_BODY_UNSUPPORTED, REQUEST_BODY_TOO_LARGE
   * @throws {DescopeUnavailableError} SIGN_OUTS_UNAVAILABLE, EVENT_IN_PROGRESS
   */
  async receive(call: RouteCall): Promise<RouteResponse> {
    const signature = requireSignature(call.exchange.request);
    const body = this.#readBody(call);
    const verified = verifyBody(body, signature, this.config.readSecrets().webhookSecrets);
    const isHandled = await this.delivery.deliver(verified, this.handlers.all);
    return isHandled ? { status: 200, body: {} } : { status: 500, body: FAILED };
  }

  #readBody(call: RouteCall): ReceivedBody {
    const encoding = readHeader(call.exchange.request, 'content-encoding') ?? 'identity';
    if (encoding.toLowerCase() !== 'identity') throw encoded();
    const raw = this.bodies.find(call.key);
    if (raw === undefined) return toReadBody(call);
    if (raw.isTooLarge) throw tooLarge();
    return { bytes: raw.bytes };
  }
}

const FAILED = {
  statusCode: 500,
  error: 'Internal Server Error',
  message: 'A handler has failed. Send the event again.',
};

// The application was given a server whose parsers come first. Nest and other platforms keep the bytes as `rawBody`.
function toReadBody({ request, body }: RouteCall): ReceivedBody {
  const { raw = {}, rawBody } = request as FrameworkRequest & { readonly rawBody?: unknown };
  const parsed = raw as { readonly rawBody?: unknown; readonly body?: unknown };
  const bytes = [rawBody, parsed.rawBody, body, parsed.body].find((value) => value instanceof Uint8Array);
  const text = typeof body === 'string' ? body : undefined; // by a parser of text
  const value = body ?? parsed.body;
  return { bytes: bytes ?? (text === undefined ? undefined : Buffer.from(text)), value };
}

function encoded(): DescopeRequestError {
  return new DescopeRequestError('REQUEST_BODY_UNSUPPORTED', 'The body must not be compressed.');
}

function tooLarge(): DescopeRequestError {
  const message = `The body must have at most ${MAX_BODY_BYTES} bytes.`;
  return new DescopeRequestError('REQUEST_BODY_TOO_LARGE', message);
}
