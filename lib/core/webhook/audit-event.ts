// An event of Descope's audit webhook, read from the text whose signature was verified.
import { DescopeRequestError } from '../errors.js';
import type { JsonObject } from '../token/claims.js';
import { freezeDeep, isJsonObject, readNames, readOwn, readText } from '../token/claims.js';

/**
 * The actions that Descope's documentation names. Others exist, and projects may create their own.
 * @see https://docs.descope.com/audit-trails-and-integrations/audit-events
 */
export type DescopeAuditAction =
  | 'AccessKeyActivated'
  | 'AccessKeyCreated'
  | 'AccessKeyDeactivated'
  | 'AccessKeyDeleted'
  | 'AccessKeyModified'
  | 'AccessKeysDeleted'
  | 'FlowUpdated'
  | 'LoginExceedMaxAttempts'
  | 'LoginFailed'
  | 'LoginStarted'
  | 'LoginStartedFailed'
  | 'LoginSucceed'
  | 'PermissionCreated'
  | 'PermissionDeleted'
  | 'PermissionModified'
  | 'ProjectDeleted'
  | 'RoleCreated'
  | 'RoleDeleted'
  | 'RoleModified'
  | 'TenantCreated'
  | 'TenantDeleted'
  | 'TenantModified'
  | 'UserCreated'
  | 'UserDeleted'
  | 'UserModified'
  | 'UserRefresh'
  | 'UsersCreated'
  | 'UsersDeleted'
  | 'UsersModified';

/**
 * An event that happened at Descope, as its audit trail records it. Nothing of it can be changed.
 * @see https://docs.descope.com/audit-trails-and-integrations/audit-events
 */
export interface DescopeAuditEvent {
  /** What happened, such as `'UserDeleted'`. */
  readonly action: DescopeAuditAction | (string & {});
  /** How serious it is: `'info'`, `'warn'` or `'error'`. */
  readonly type: string | undefined;
  /** The id of the event, if Descope sent one. */
  readonly id: string | undefined;
  /** When it happened; the time of arrival if Descope sent no time that can be read. */
  readonly occurred: Date;
  /** The id of the user that the event is about. */
  readonly userId: string | undefined;
  /** The id of the user, person or management key that acted. */
  readonly actorId: string | undefined;
  /** The login ids of the user. */
  readonly externalIds: readonly string[];
  /** The ids of the tenants that the event is about. */
  readonly tenants: readonly string[];
  /** The Descope project id, if Descope sent one. */
  readonly projectId: string | undefined;
  /** The method of a sign-in, such as `'otp'`. */
  readonly method: string | undefined;
  /** The kind of device. */
  readonly device: string | undefined;
  /** The country. */
  readonly geo: string | undefined;
  /** The IP address of the caller at Descope. */
  readonly remoteAddress: string | undefined;
  /** What is special to the action; an empty object if there is nothing. Its members are not checked. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The whole record as Descope sent it. Its members are not checked. */
  readonly record: Readonly<Record<string, unknown>>;
}

/** An event, and whether its time is Descope's. */
export interface ReceivedEvent {
  readonly event: DescopeAuditEvent;
  /** Whether `occurred` was read; otherwise it is the time of arrival. */
  readonly isDated: boolean;
}

const MAX_EVENTS = 1_000;
const EARLIEST_MS = Date.UTC(2020, 0, 1); // before Descope existed: a number in another unit, or none
const LATEST_MS = 8_640_000_000_000_000; // the end of `Date`

/**
 * Reads the events of a verified text: one object, or a list of them.
 * @throws {DescopeRequestError} REQUEST_BODY_INVALID
 */
export function readAuditEvents(text: string, nowMs: number): readonly ReceivedEvent[] {
  const content = parse(text);
  const records = Array.isArray(content) ? (content as readonly unknown[]) : [content];
  if (records.length > MAX_EVENTS) throw invalid(`at most ${MAX_EVENTS} events`);
  return records.map((record) => {
    const action = isJsonObject(record) ? readText(record, 'action') : undefined;
    if (action === undefined || !isJsonObject(record))
      throw invalid('an event, or a list of events, each with an "action"');
    freezeDeep(record);
    return toEvent(action, record, nowMs);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('JSON');
  }
}

function toEvent(action: string, record: JsonObject, nowMs: number): ReceivedEvent {
  const occurredMs = readTime(readOwn(record, 'occurred'));
  const data = readOwn(record, 'data');
  const event: DescopeAuditEvent = Object.freeze({
    action,
    type: readText(record, 'type'),
    id: readText(record, 'id') ?? readText(record, 'auditId'),
    occurred: new Date(occurredMs ?? nowMs),
    userId: readText(record, 'userId'),
    actorId: readText(record, 'actorId'),
    externalIds: readFirstNames(record, ['externalIds', 'loginIds']),
    tenants: readNames(record, 'tenants'),
    projectId: readText(record, 'projectId'),
    method: readText(record, 'method'),
    device: readText(record, 'device'),
    geo: readText(record, 'geo'),
    remoteAddress: readText(record, 'remoteAddress'),
    data: isJsonObject(data) ? data : Object.freeze({}),
    record,
  });
  return { event, isDated: occurredMs !== undefined };
}

// The API of Descope's audit trail writes the names of its database, and the SDKs those of the console.
function readFirstNames(record: JsonObject, names: readonly string[]): readonly string[] {
  return readNames(record, names.find((name) => Object.hasOwn(record, name)) ?? '');
}

// Epoch milliseconds, as a number or as its digits, or a date as text.
function readTime(value: unknown): number | undefined {
  const isDigits = typeof value === 'string' && /^\d{1,16}(?:\.\d+)?$/.test(value);
  const ms = typeof value === 'number' || isDigits ? Number(value) : toDateMs(value);
  return ms >= EARLIEST_MS && ms <= LATEST_MS ? ms : undefined;
}

function toDateMs(value: unknown): number {
  return typeof value === 'string' ? Date.parse(value) : Number.NaN;
}

function invalid(wants: string): DescopeRequestError {
  return new DescopeRequestError('REQUEST_BODY_INVALID', `The body must contain ${wants}.`);
}
