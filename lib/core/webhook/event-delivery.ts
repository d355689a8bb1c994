// A verified delivery of Descope: ends the access that its events end, and runs the handlers of the application.
import type { Clock } from '../clock.js';
import type { Notify } from '../logging.js';
import { toReason } from '../request-failure.js';
import type { DescopeAuditEvent, ReceivedEvent } from './audit-event.js';
import { readAuditEvents } from './audit-event.js';
import type { EventRevocations } from './ended-access.js';
import { readEndedAccess } from './ended-access.js';
import type { EventMemory } from './event-memory.js';
import type { VerifiedBody } from './webhook-signature.js';

// The name that stands for every action.
const EVERY_EVENT = '*';

/** A handler of the application. */
export interface EventHandler {
  /** `Class.method`, different for each handler, and the same in every process of the application. */
  readonly name: string;
  readonly actions: readonly string[];
  handle(event: DescopeAuditEvent): unknown;
}

/** The input of `EventDelivery`. */
export interface EventDeliveryInput {
  readonly memory: EventMemory;
  readonly revocations: EventRevocations;
  readonly notify: Notify;
  readonly clock: Clock;
  readonly leewayMs: number;
  readonly projectId: string;
}

// An exception of the application, which is no outage, whatever its class is.
class HandlerFailure extends Error {}

export class EventDelivery {
  readonly #input: EventDeliveryInput;

  constructor(input: EventDeliveryInput) {
    this.#input = input;
  }

  /**
   * Processes the events of a delivery in their order. A failure does not keep the rest from being processed, and what
   * succeeded is not repeated when the same event is delivered again.
   * @returns whether every handler succeeded
   * @throws {DescopeRequestError} REQUEST_BODY_INVALID
   * @throws {DescopeUnavailableError} SIGN_OUTS_UNAVAILABLE, EVENT_IN_PROGRESS
   */
  async deliver({ text, signature }: VerifiedBody, handlers: readonly EventHandler[]): Promise<boolean> {
    const received = readAuditEvents(text, this.#input.clock());
    const failures: unknown[] = [];
    for (const [index, item] of received.entries()) {
      const { id } = item.event;
      const key = id === undefined ? `${signature}:${index}` : `id:${id}`;
      failures.push(...(await this.#process(key, item, handlers)));
    }
    const outage = failures.find((failure) => !(failure instanceof HandlerFailure));
    if (outage !== undefined) throw outage as Error;
    return failures.length === 0;
  }

  async #process(
    key: string,
    received: ReceivedEvent,
    handlers: readonly EventHandler[],
  ): Promise<readonly unknown[]> {
    const { event } = received;
    const found = handlers.filter(({ actions }) => actions.some((action) => isMeant(action, event)));
    const ended = await Promise.allSettled([this.#endAccess(received)]); // before the handlers, which may rely on it
    const ran = await Promise.allSettled(found.map((handler) => this.#handle(key, handler, event)));
    return [...ended, ...ran].flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
  }

  async #endAccess(received: ReceivedEvent): Promise<void> {
    const { revocations, notify, clock, leewayMs, projectId } = this.#input;
    const { ended, lacksId } = readEndedAccess(received, { nowMs: clock(), leewayMs, projectId });
    if (lacksId) notify({ code: 'EVENT_WITHOUT_ID', level: 'warn', message: toNameless(received.event) });
    await Promise.all(ended.map((access) => revocations.revokeBefore(access)));
  }

  async #handle(key: string, handler: EventHandler, event: DescopeAuditEvent): Promise<void> {
    const { memory, notify } = this.#input;
    await memory.runOnce(`${key}:${handler.name}`, async () => {
      try {
        await handler.handle(copy(event));
      } catch (error) {
        const message = `${handler.name}, a handler of @OnDescopeEvent, failed for the event "${toName(event)}": ${toReason(error)}. Descope is asked to send the event again.`;
        notify({ code: 'EVENT_HANDLER_FAILED', level: 'error', message });
        throw new HandlerFailure(message);
      }
    });
  }
}

// A date can be changed: each handler has its own.
function copy(event: DescopeAuditEvent): DescopeAuditEvent {
  return Object.freeze({ ...event, occurred: new Date(event.occurred) });
}

function isMeant(action: string, event: DescopeAuditEvent): boolean {
  return action === EVERY_EVENT || action === event.action;
}

function toNameless(event: DescopeAuditEvent): string {
  return `Descope's event "${toName(event)}" ends access, but names nobody whose tokens can be rejected: they are accepted until they expire.`;
}

// A name that a project invented is not long, and starts no new line.
function toName({ action }: DescopeAuditEvent): string {
  return action.replace(/[^\w .:-]/g, '?').slice(0, 60);
}
