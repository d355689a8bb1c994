// Receives a delivery of Descope's audit webhook: verifies it, and processes its events.
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeRequestError } from '../core/errors.js';
import { readHeader } from '../core/http/request.js';
import type { Notify } from '../core/logging.js';
import type { Revocations } from '../core/revocation/revocations.js';
import type { KeyValueStore } from '../core/store/key-value-store.js';
import { EventDelivery } from '../core/webhook/event-delivery.js';
import { EventMemory } from '../core/webhook/event-memory.js';
import type { ReceivedBody } from '../core/webhook/webhook-signature.js';
import { MAX_BODY_BYTES, requireSignature, verifyBody } from '../core/webhook/webhook-signature.js';
import type { FrameworkRequest, FrameworkResponse, RouteCall, RouteResponse } from '../routes/route-call.js';
import { respond } from '../routes/route-call.js';
import type { EventHandlers } from './event-handlers.js';
import type { EventsRouting } from './raw-bodies.js';
import { RawBodies } from './raw-bodies.js';

/** What the route is created from. */
export interface EventsRouteInput {
  readonly config: DescopeConfig;
  readonly revocations: Revocations;
  readonly notify: Notify;
  readonly store: KeyValueStore | undefined;
  readonly handlers: EventHandlers;
  readonly routing: EventsRouting;
}

/** `POST events`. */
export class EventsRoute {
  readonly #delivery: EventDelivery;
  readonly #handlers: EventHandlers;
  readonly #bodies: RawBodies;
  readonly #config: DescopeConfig;
  readonly #notify: Notify;

  constructor(input: EventsRouteInput) {
    const { config, revocations, notify, store } = input;
    const { clock, projectId, verification } = config;
    this.#config = config;
    this.#notify = notify;
    this.#handlers = input.handlers;
    this.#bodies = new RawBodies(input.routing);
    this.#delivery = new EventDelivery({
      memory: new EventMemory(clock, store),
      revocations,
      notify,
      clock,
      leewayMs: 1000 * verification.leewaySeconds,
      projectId,
    });
  }

  /** Registers the reading of bodies, once there is an adapter. */
  register(): void {
    this.#bodies.register();
  }

  /** Sends the response to a delivery. */
  respond(request: FrameworkRequest, response: FrameworkResponse): Promise<void> {
    return respond(request, response, { run: (call) => this.receive(call), notify: this.#notify });
  }

  /**
   * Verifies a delivery, and processes its events.
   * @throws {DescopeCredentialError} WEBHOOK_SIGNATURE_MISSING, WEBHOOK_SIGNATURE_INVALID
   * @throws {DescopeRequestError} REQUEST_BODY_INVALID, REQUEST_BODY_UNSUPPORTED, REQUEST_BODY_TOO_LARGE
   * @throws {DescopeUnavailableError} SIGN_OUTS_UNAVAILABLE, EVENT_IN_PROGRESS
   */
  async receive(call: RouteCall): Promise<RouteResponse> {
    const signature = requireSignature(call.exchange.request);
    const body = this.#readBody(call);
    const verified = verifyBody(body, signature, this.#config.readSecrets().webhookSecrets);
    const isHandled = await this.#delivery.deliver(verified, this.#handlers.all);
    return isHandled ? { status: 200, body: {} } : { status: 500, body: FAILED };
  }

  #readBody(call: RouteCall): ReceivedBody {
    const encoding = readHeader(call.exchange.request, 'content-encoding') ?? 'identity';
    if (encoding.toLowerCase() !== 'identity') throw encoded();
    const raw = this.#bodies.find(call.key);
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
