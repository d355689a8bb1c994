// Which events of Descope end the access of whom: one table, and what is read from an event by it.
import type { DatedRevocation } from '../revocation/revocations.js';
import type { JsonObject } from '../token/claims.js';
import { isJsonObject } from '../token/claims.js';
import type { DescopeAuditEvent, ReceivedEvent } from './audit-event.js';

/** Receives the access that ended, and who has changed. */
export interface EventRevocations {
  /** Forgets what is remembered of a user, here and soon at the other instances. Never rejects. */
  announceChange(userId: string): Promise<void>;
  /** Resolves once it is known to all instances. Rejects if it is not stored for the others yet. */
  revokeBefore(ended: DatedRevocation): Promise<void>;
}

interface Rule {
  readonly scope: DatedRevocation['scope'];
  /** The names of members of `data` that hold an id or a list of ids, in lower case without `_` and `-`. */
  readonly names: readonly string[];
  /** The member of the event that holds ids. */
  readonly member?: 'userId' | 'tenants' | 'projectId';
  /** The member of `data` that holds what the event is about, in lower case as well. */
  readonly part?: string;
  /** The status without which the event ends nothing. */
  readonly status?: string;
}

const USER: Rule = { scope: 'user', member: 'userId', part: 'user', names: ['userid', 'userids', 'ids'] };
const TENANT: Rule = {
  scope: 'tenant',
  member: 'tenants',
  part: 'tenant',
  names: ['id', 'tenantid', 'tenantids'],
};
const KEY: Rule = {
  scope: 'accessKey',
  part: 'accesskey',
  names: ['id', 'ids', 'keyid', 'keyids', 'accesskeyid', 'accesskeyids'],
};

// The documentation page "Audit events" names the actions, and says of LoginExceedMaxAttempts that the user is disabled.
// Of `data` it says only that an id that was affected is there ("permission_id"), and that UserModified has the new values:
// ids are read by each name that they may have. AccessKeyDeactivated and TenantDeleted are not in the part that was seen.
const RULES: ReadonlyMap<string, Rule> = new Map([
  ['UserDeleted', USER],
  ['UsersDeleted', USER],
  ['LoginExceedMaxAttempts', USER],
  ['UserModified', { ...USER, status: 'disabled' }],
  ['UsersModified', { ...USER, status: 'disabled' }],
  ['AccessKeyDeleted', KEY],
  ['AccessKeysDeleted', KEY],
  ['AccessKeyDeactivated', KEY],
  ['AccessKeyModified', { ...KEY, status: 'inactive' }],
  ['TenantDeleted', TENANT],
  ['ProjectDeleted', { scope: 'project', member: 'projectId', names: [] }],
]);

/** The actions that end access, each time or with a certain status. */
export const ENDING_ACTIONS: readonly string[] = [...RULES.keys()];

/** What an event ends, or that it ends something whose id cannot be read. */
export interface ReadAccess {
  readonly ended: readonly DatedRevocation[];
  readonly lacksId: boolean;
  /** Whether it ends the same at each delivery: what was issued before the event's own time. */
  readonly isRepeatable: boolean;
}

/** The clock and the project of the application. */
export interface Surroundings {
  readonly nowMs: number;
  readonly leewayMs: number;
  readonly projectId: string;
}

/**
 * Reads whose access an event ends. Tokens that were issued after the event are not ended, so that a replay changes nothing,
 * and a user who was let in again stays in.
 */
export function readEndedAccess(received: ReceivedEvent, surroundings: Surroundings): ReadAccess {
  const { event } = received;
  const rule = RULES.get(event.action);
  if (rule === undefined || !hasStatus(event, rule) || !isOwn(event, rule, surroundings)) return NOTHING;
  const ids = [...new Set(readIds(event, rule))];
  const issuedBeforeMs = toIssuedBefore(received, surroundings);
  const dated = { issuedBeforeMs, isByDescopesClock: received.isDated };
  return {
    ended: ids.map((id) => ({ ...toSubject(rule, id), ...dated })),
    lacksId: ids.length === 0,
    isRepeatable: issuedBeforeMs === event.occurred.getTime() && received.isDated,
  };
}

// A sign-in or a refresh changes nobody, and who was created was not loaded before.
const UNCHANGING = /^(?:Login|UserRefresh|Users?Created)/;

/** Reads the ids of the users whom an event may have changed. */
export function readChangedUsers(event: DescopeAuditEvent): readonly string[] {
  return UNCHANGING.test(event.action) ? [] : [...new Set(readIds(event, USER))];
}

const NOTHING: ReadAccess = { ended: [], lacksId: false, isRepeatable: true };

// A time in the future would lock users out until then. A token that was accepted by now was issued within the leeway.
function toIssuedBefore({ event, isDated }: ReceivedEvent, { nowMs, leewayMs }: Surroundings): number {
  return isDated ? Math.min(event.occurred.getTime(), nowMs + leewayMs) : nowMs;
}

function toSubject({ scope }: Rule, id: string): Pick<DatedRevocation, 'scope' | 'id'> {
  return scope === 'project' ? { scope } : { scope, id };
}

// One secret may sign for several projects. The ids of users and keys are different in each, those of tenants may not be.
function isOwn({ projectId }: DescopeAuditEvent, { scope }: Rule, own: Surroundings): boolean {
  return (scope !== 'project' && scope !== 'tenant') || (projectId ?? own.projectId) === own.projectId;
}

function readIds(event: DescopeAuditEvent, rule: Rule): readonly string[] {
  const { member, names } = rule;
  const own = member === undefined ? [] : [event[member] ?? []].flat();
  return [...own, ...readParts(event, rule).flatMap((part) => readNamed(part, names).flatMap(toTexts))];
}

function hasStatus(event: DescopeAuditEvent, rule: Rule): boolean {
  const { status } = rule;
  if (status === undefined) return true;
  const found = readParts(event, rule).flatMap((part) => readNamed(part, ['status', 'userstatus']));
  return found.some((value) => typeof value === 'string' && value.toLowerCase() === status);
}

// `data` itself, the changed values in it, and what the event is about; not the user who has deleted a key.
function readParts({ data }: DescopeAuditEvent, { part = '' }: Rule): readonly JsonObject[] {
  return [data, ...readNamed(data, ['change', 'changes', part]).filter(isJsonObject)];
}

function readNamed(part: JsonObject, names: readonly string[]): readonly unknown[] {
  return Object.entries(part)
    .filter(([name]) => names.includes(name.toLowerCase().replace(/[_-]/g, '')))
    .map(([, value]) => value);
}

function toTexts(value: unknown): readonly string[] {
  return [value].flat().filter((item): item is string => typeof item === 'string' && item !== '');
}
