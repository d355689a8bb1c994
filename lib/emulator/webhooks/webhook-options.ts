// An audit webhook: where the emulator sends events, which of them, and how they are signed.
import { createHmac } from 'node:crypto';
import type { AuditEvent } from '../audit/audit-event.js';
import { toWebhookEvent } from '../audit/audit-event.js';

/**
 * An audit webhook, to which the emulator sends the events of its project.
 *
 * @see {@link https://docs.descope.com/connectors/connector-configuration-guides/network/audit-webhook | Audit Webhook Connector}
 * @example { url: 'http://127.0.0.1:3000/auth/events', secret: 'the-webhook-secret', actions: ['UserDeleted'] }
 */
export interface EmulatorWebhook {
  /** The `http` or `https` URL that is sent the events, by POST. */
  readonly url: string;
  /**
   * The secret of the signature: the header `x-descope-webhook-s256` is the base64 of HMAC-SHA256.
   *
   * @defaultValue none: events are sent without a signature
   */
  readonly secret?: string | undefined;
  /**
   * The actions that are sent, such as `UserDeleted`.
   *
   * @defaultValue all
   */
  readonly actions?: readonly string[] | undefined;
  /**
   * The form of the body: a list of one event, or the event alone.
   *
   * @defaultValue `list`
   */
  readonly body?: 'list' | 'event' | undefined;
  /**
   * What is signed: the body as it is sent, or the JSON string of its value while the body has line breaks. Descope's
   * documentation names both.
   *
   * @defaultValue `body`
   * @see {@link https://docs.descope.com/connectors/connector-hmac-usage | HMAC usage}
   */
  readonly signed?: 'body' | 'json' | undefined;
}

/** A filter of a connector, in Descope's form. */
export interface EventFilter {
  readonly key: 'actions' | 'tenants';
  readonly operator: 'includes' | 'excludes';
  readonly values: readonly string[];
}

/** A webhook with all that a connector of Descope has and the emulator supports. */
export interface WebhookTarget extends Omit<EmulatorWebhook, 'actions'> {
  readonly filters: readonly EventFilter[];
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Creates the target of a webhook. */
export function toTarget({ actions, ...webhook }: EmulatorWebhook): WebhookTarget {
  const filters = actions ? [{ key: 'actions', operator: 'includes', values: actions } as const] : [];
  return { ...webhook, filters };
}

/** Whether an event passes all filters. */
export function isSent({ filters }: WebhookTarget, event: AuditEvent): boolean {
  return filters.every(({ key, operator, values }) => {
    const has = key === 'actions' ? [event.action] : event.tenantIds;
    return has.some((value) => values.includes(value)) === (operator === 'includes');
  });
}

/** A request of a webhook. */
export interface SignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Creates the request that sends an event. */
export function toSignedRequest(target: WebhookTarget, event: AuditEvent): SignedRequest {
  const value = target.body === 'event' ? toWebhookEvent(event) : [toWebhookEvent(event)];
  const json = JSON.stringify(value);
  const signature =
    target.secret !== undefined && createHmac('sha256', target.secret).update(json).digest('base64');
  return {
    url: target.url,
    headers: {
      ...target.headers,
      'content-type': 'application/json',
      ...(signature === false ? {} : { 'x-descope-webhook-s256': signature }),
    },
    body: target.signed === 'json' ? JSON.stringify(value, undefined, 2) : json,
  };
}
