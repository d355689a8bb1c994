// An audit event of the project, and its two forms: in the search of the audit trail, and in the audit webhook.
import type { JsonObject } from '../http/message.js';

/** How serious an event is. */
export type AuditType = 'info' | 'warn' | 'error';

/** An audit event, as the emulator keeps it. */
export interface AuditEvent {
  /** What happened, such as `UserDeleted`. */
  readonly action: string;
  readonly type: AuditType;
  /** When it happened, in milliseconds of the emulator's clock. */
  readonly occurredMs: number;
  readonly projectId: string;
  /** Who did it: a user, or the management key. */
  readonly actorId: string;
  /** The user that it is about; empty for none. */
  readonly userId: string;
  readonly loginIds: readonly string[];
  readonly tenantIds: readonly string[];
  /** The authentication method of a sign-in; empty for none. */
  readonly method: string;
  readonly device: string;
  readonly remoteAddress: string;
  readonly data: JsonObject;
}

/** Writes an event as a record of `POST /v1/mgmt/audit/search`, where times are strings, as 64 bits are in gRPC's JSON. */
export function toSearchRecord(event: AuditEvent): JsonObject {
  return {
    ...toCommon(event),
    occurred: String(event.occurredMs),
    userId: event.userId,
    method: event.method,
    geo: '',
    tenants: event.tenantIds,
  };
}

// Descope's documentation names no fields of this payload. These are the fields of a search, in the form that public
// receivers of it expect: the time as a number and once more as a date, and `null` for no tenants.
/** Writes an event as the audit webhook sends it. */
export function toWebhookEvent(event: AuditEvent): JsonObject {
  return {
    ...toCommon(event),
    occurred: event.occurredMs,
    occurred_formatted: new Date(event.occurredMs).toISOString(),
    ...(event.userId === '' ? {} : { userId: event.userId }),
    ...(event.method === '' ? {} : { method: event.method }),
    tenants: event.tenantIds.length === 0 ? null : event.tenantIds,
  };
}

function toCommon(event: AuditEvent): JsonObject {
  return {
    projectId: event.projectId,
    action: event.action,
    type: event.type,
    actorId: event.actorId,
    externalIds: event.loginIds,
    device: event.device,
    remoteAddress: event.remoteAddress,
    data: event.data,
  };
}
