// The endpoints of the audit trail: search, events of an application, and the audit webhook as a connector.
import { DescopeError } from '../errors.js';
import {
  readBoolean,
  readNumber,
  readObject,
  readObjects,
  readString,
  readStrings,
  requireString,
} from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { EventFilter } from '../webhooks/webhook-options.js';
import type { AuditEvent, AuditType } from './audit-event.js';
import { toSearchRecord } from './audit-event.js';

const search: Handler = (call, state) => {
  const found = state.audit.all.filter((event) => matches(event, call.body, state.clock.now()));
  return ok({ audits: found.map(toSearchRecord).reverse(), total: found.length });
};

const createEvent: Handler = (call, state) => {
  const userId = readString(call.body, 'userId');
  const user = userId === undefined ? undefined : state.project.users.find(userId);
  state.audit.note({
    action: requireString(call.body, 'action'),
    type: requireType(call.body),
    actorId: requireString(call.body, 'actorId'),
    userId: userId ?? '',
    loginIds: user?.loginIds ?? [],
    tenantIds: [requireString(call.body, 'tenantId')],
    data: readObject(call.body, 'data') ?? {},
  });
  return ok();
};

// A connector of the same name is replaced.
const setWebhook: Handler = (call, state) => {
  const filters = (readObjects(call.body, 'filters') ?? []).map(toFilter);
  state.webhooks.set(requireString(call.body, 'name'), {
    url: requireString(call.body, 'url'),
    secret: readString(call.body, 'hmacSecret'),
    headers: readHeaders(call.body),
    filters,
  });
  return ok();
};

const FILTERS =
  'userIds actions excludedActions devices methods geos remoteAddresses externalIds tenants noTenants text from to';

/** The routes of the audit trail. */
export const auditRoutes = routesFor('management', {
  'POST /v1/mgmt/audit/search': takes(FILTERS, search),
  'POST /v1/mgmt/audit/event': takes('userId action type actorId data tenantId', createEvent),
  'POST /v2/mgmt/connector/audit/web/set': takes(
    'name description url hmacSecret headers filters.key filters.operator filters.values',
    setWebhook,
  ),
});

const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;

// All filters must match; an empty list is no filter.
function matches(event: AuditEvent, filters: JsonObject, nowMs: number): boolean {
  return (
    matchesTime(event, filters, nowMs) &&
    LISTS.every(([name, toValues]) => overlaps(readStrings(filters, name), toValues(event))) &&
    !readStrings(filters, 'excludedActions')?.includes(event.action) &&
    matchesTenants(event, filters) &&
    matchesText(event, readString(filters, 'text'))
  );
}

const LISTS: readonly (readonly [name: string, toValues: (event: AuditEvent) => readonly string[]])[] = [
  ['userIds', ({ userId }) => [userId]],
  ['actions', ({ action }) => [action]],
  ['devices', ({ device }) => [device]],
  ['methods', ({ method }) => [method]],
  ['geos', () => []],
  ['remoteAddresses', ({ remoteAddress }) => [remoteAddress]],
  ['externalIds', ({ loginIds }) => loginIds],
];

// The trail reaches back for 30 days. go-sdk sends a time that was not set as one before 1970.
function matchesTime({ occurredMs }: AuditEvent, filters: JsonObject, nowMs: number): boolean {
  const from = Math.max(readNumber(filters, 'from') || -Infinity, nowMs - MAX_AGE_MS);
  const to = readNumber(filters, 'to') ?? 0;
  return occurredMs >= from && (to <= 0 || occurredMs <= to);
}

function matchesTenants({ tenantIds }: AuditEvent, filters: JsonObject): boolean {
  const isWithout = tenantIds.length === 0 && readBoolean(filters, 'noTenants') === true;
  return isWithout || overlaps(readStrings(filters, 'tenants'), tenantIds);
}

// The values of all fields, and not their names.
function matchesText(event: AuditEvent, text: string | undefined): boolean {
  return text === undefined || contains(event, text.toLowerCase());
}

function contains(value: unknown, text: string): boolean {
  if (typeof value === 'object' && value !== null)
    return Object.values(value).some((one) => contains(one, text));
  return String(value).toLowerCase().includes(text);
}

function overlaps(wanted: readonly string[] | undefined, has: readonly string[]): boolean {
  return !wanted?.length || wanted.some((value) => has.includes(value));
}

function requireType(body: JsonObject): AuditType {
  const type = requireString(body, 'type');
  if (type === 'info' || type === 'warn' || type === 'error') return type;
  throw new DescopeError('invalidArguments', 'The type field must be info, warn or error');
}

function toFilter(filter: JsonObject): EventFilter {
  const [key, operator] = [requireString(filter, 'key'), requireString(filter, 'operator')];
  if (key !== 'actions' && key !== 'tenants') {
    throw new DescopeError('invalidArguments', 'The key of a filter must be actions or tenants');
  }
  if (operator !== 'includes' && operator !== 'excludes') {
    throw new DescopeError('invalidArguments', 'The operator of a filter must be includes or excludes');
  }
  return { key, operator, values: readStrings(filter, 'values') ?? [] };
}

function readHeaders(body: JsonObject): Readonly<Record<string, string>> {
  const headers = readObject(body, 'headers') ?? {};
  return Object.fromEntries(Object.keys(headers).map((name) => [name, requireString(headers, name)]));
}
