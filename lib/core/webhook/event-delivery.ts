// A verified delivery of Descope: ends the access that its events end, and runs the handlers of the application.
import type { Clock } from '../clock.js';
import type { Notify } from '../logging.js';
import { toReason } from '../request-failure.js';
import type { DescopeAuditEvent, ReceivedEvent } from './audit-event.js';
import { readAuditEvents } from './audit-event.js';
import type { EventRevocations } from './ended-access.js';
import { readChangedUsers, readEndedAccess } from './ended-access.js';
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

interface KeyedEvent extends ReceivedEvent {
  /** The same for each delivery of the event. */
  readonly key: string;
}

// An exception of the application, which is no outage, whatever its class is.
class HandlerFailure extends Error {}

export class EventDelivery {
  readonly #input: EventDeliveryInput;

  constructor(input: EventDeliveryInput) {
    this.#input = input;
  }

  /**
   * Processes the events of a delivery: ends access first, and then runs the handlers, event by event. A failure does not keep
   * the rest from being processed, and what succeeded is not repeated when the same event is delivered again.
   * @returns whether every handler succeeded
   * @throws {DescopeRequestError} REQUEST_BODY_INVALID
   * @throws {DescopeUnavailableError} SIGN_OUTS_UNAVAILABLE, EVENT_IN_PROGRESS
   */
  async deliver({ text, signature }: VerifiedBody, handlers: readonly EventHandler[]): Promise<boolean> {
    const received = readAuditEvents(text, this.#input.clock()).map((item, index) => {
      return { ...item, key: toEventKey(item) ?? `${signature}:${index}` };
    });
    await this.#forgetChanged(received);
    const results = await Promise.allSettled(received.map((item) => this.#endAccess(item))); // handlers may rely on it
    for (const item of received) results.push(...(await this.#runHandlers(item, handlers)));
    await this.#forgetChanged(received.filter(({ event }) => listMeant(handlers, event).length > 0)); // loaded meanwhile
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    const outage = failures.find((failure) => !(failure instanceof HandlerFailure));
    if (outage !== undefined) throw outage as Error;
    return failures.length === 0;
  }

  async #forgetChanged(received: readonly ReceivedEvent[]): Promise<void> {
    const ids = new Set(received.flatMap(({ event }) => readChangedUsers(event)));
    await Promise.all([...ids].map((id) => this.#input.revocations.announceChange(id)));
  }

  async #runHandlers(
    { key, event }: KeyedEvent,
    handlers: readonly EventHandler[],
  ): Promise<readonly PromiseSettledResult<void>[]> {
    return Promise.allSettled(listMeant(handlers, event).map((handler) => this.#handle(key, handler, event)));
  }

  // An event whose own time does not count ends access once: a replay must not sign out who was let in again.
  async #endAccess({ key, ...received }: KeyedEvent): Promise<void> {
    const { memory, revocations, notify, clock, leewayMs, projectId } = this.#input;
    const read = readEndedAccess(received, { nowMs: clock(), leewayMs, projectId });
    if (read.lacksId)
      notify({ code: 'EVENT_WITHOUT_ID', level: 'warn', message: toNameless(received.event) });
    const end = async (): Promise<void> => {
      await Promise.all(read.ended.map((access) => revocations.revokeBefore(access)));
    };
    await (read.isRepeatable ? end() : memory.runOnce(`${key}:access`, end));
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

// With its action and time, because Descope does not document what an id is of.
function toEventKey({ event, isDated }: ReceivedEvent): string | undefined {
  const { id, action, occurred } = event;
  return id === undefined ? undefined : JSON.stringify([id, action, isDated ? occurred.getTime() : null]);
}

// A date can be changed: each handler has its own.
function copy(event: DescopeAuditEvent): DescopeAuditEvent {
  return Object.freeze({ ...event, occurred: new Date(event.occurred) });
}

function listMeant(handlers: readonly EventHandler[], event: DescopeAuditEvent): readonly EventHandler[] {
  return handlers.filter(({ actions }) =>
    actions.some((action) => action === EVERY_EVENT || action === event.action),
  );
}

function toNameless(event: DescopeAuditEvent): string {
  return `Descope's event "${toName(event)}" ends access, but names nobody whose tokens can be rejected: they are accepted until they expire.`;
}

// A name that a project invented is not long, and starts no new line.
function toName({ action }: DescopeAuditEvent): string {
  return action.replace(/[^\w .:-]/g, '?').slice(0, 60);
}
