// Management of access keys; the cleartext is returned once, when a key is created or rotated.
import { BlockList, isIP } from 'node:net';
import { DescopeError } from '../errors.js';
import {
  hasAttributes,
  readField,
  readNumber,
  readObject,
  readString,
  readStrings,
  requireString,
} from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes, takesQuery } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { AccessKeyRecord } from '../store/project.js';
import { createId, createSecret, toDigest } from '../store/records.js';
import { CUSTOM_CLAIMS, withoutReserved } from '../templates/jwt-template.js';
import { assertRoles, assertTenants, readTenants, requireUser } from './user-body.js';

const EMPTY_FIELDS = {
  roleNames: [],
  tenants: [],
  description: '',
  customClaims: {},
  customAttributes: {},
  permittedIps: [],
};

const create: Handler = (call, state) => {
  const userId = readString(call.body, 'userId');
  const cleartext = createSecret();
  const key: AccessKeyRecord = {
    id: createId('K'),
    name: requireString(call.body, 'name'),
    permissions: [],
    boundUserId: userId === undefined ? undefined : requireUser({ userId }, state).userId,
    active: true,
    createdSeconds: state.clock.nowSeconds(),
    expiresSeconds: readNumber(call.body, 'expireTime') ?? 0,
    digest: toDigest(cleartext),
    ...EMPTY_FIELDS,
    ...readChanges(call.body, state),
  };
  return ok({ key: toAccessKeyView(state.project.accessKeys.put(key)), cleartext });
};

const load: Handler = (call, state) =>
  ok({ key: toAccessKeyView(requireKey({ id: call.query.get('id') }, state)) });

const search: Handler = (call, state) => {
  const tenantIds = readStrings(call.body, 'tenantIds') ?? [];
  const boundUserId = readString(call.body, 'boundUserId');
  const found = state.project.accessKeys.all.filter(
    (key) =>
      (tenantIds.length === 0 || key.tenants.some(({ tenantId }) => tenantIds.includes(tenantId))) &&
      (boundUserId === undefined || key.boundUserId === boundUserId) &&
      hasAttributes(key.customAttributes, readObject(call.body, 'customAttributes') ?? {}),
  );
  return ok({ keys: found.map(toAccessKeyView) });
};

// Absent fields are kept.
const update: Handler = (call, state) => {
  const key = requireKey(call.body, state);
  const name = readString(call.body, 'name') ?? key.name;
  const changed = { ...key, name, ...readChanges(call.body, state) };
  return ok({ key: toAccessKeyView(state.project.accessKeys.put(changed)) });
};

const rotate: Handler = (call, state) => {
  const cleartext = createSecret();
  const rotated = { ...requireKey(call.body, state), digest: toDigest(cleartext) };
  return ok({ key: toAccessKeyView(state.project.accessKeys.put(rotated)), cleartext });
};

function forEachKey(act: (key: AccessKeyRecord, state: ProjectState) => void): Handler {
  return (call, state) => {
    const ids = readStrings(call.body, 'ids') ?? [requireString(call.body, 'id')];
    for (const key of ids.map((id) => requireKey({ id }, state))) act(key, state);
    return ok();
  };
}

const activate = forEachKey((key, state) => state.project.accessKeys.put({ ...key, active: true }));
const deactivate = forEachKey((key, state) => state.project.accessKeys.put({ ...key, active: false }));
const remove = forEachKey((key, state) => state.project.accessKeys.remove(key));

const KEY =
  'name description roleNames keyTenants.tenantId keyTenants.tenantName keyTenants.roleNames ' +
  `${CUSTOM_CLAIMS} customAttributes permittedIps`;

/** The routes that manage access keys. */
export const manageAccessKeyRoutes = routesFor('management', {
  'POST /v1/mgmt/accesskey/create': takes(`${KEY} expireTime userId`, create),
  'GET /v1/mgmt/accesskey': takesQuery('id', load),
  'POST /v1/mgmt/accesskey/search': takes('tenantIds boundUserId customAttributes', search),
  'POST /v1/mgmt/accesskey/update': takes(`id ${KEY}`, update),
  'POST /v1/mgmt/accesskey/rotate': takes('id', rotate),
  'POST /v1/mgmt/accesskey/activate': takes('id', activate),
  'POST /v1/mgmt/accesskey/activate/batch': takes('ids', activate),
  'POST /v1/mgmt/accesskey/deactivate': takes('id', deactivate),
  'POST /v1/mgmt/accesskey/deactivate/batch': takes('ids', deactivate),
  'POST /v1/mgmt/accesskey/delete': takes('id', remove),
  'POST /v1/mgmt/accesskey/delete/batch': takes('ids', remove),
});

function requireKey(body: JsonObject, state: ProjectState): AccessKeyRecord {
  const key = state.project.accessKeys.find(requireString(body, 'id'));
  if (!key) throw new DescopeError('invalidArguments', 'Access key not found');
  return key;
}

function readChanges(body: JsonObject, state: ProjectState): Partial<AccessKeyRecord> {
  const roleNames = readStrings(body, 'roleNames');
  const tenants = readTenants(body, 'keyTenants');
  const description = readField(body, 'description') === '' ? '' : readString(body, 'description');
  const customClaims = readObject(body, 'customClaims');
  const customAttributes = readObject(body, 'customAttributes');
  const permittedIps = readStrings(body, 'permittedIps');
  assertRoles(state.project, roleNames);
  assertTenants(state.project, tenants);
  if (permittedIps) assertIps(permittedIps);
  return {
    ...(roleNames && { roleNames }),
    ...(tenants && { tenants }),
    ...(description !== undefined && { description }),
    ...(customClaims && { customClaims: withoutReserved(customClaims) }),
    ...(customAttributes && { customAttributes }),
    ...(permittedIps && { permittedIps }),
  };
}

/** Writes an access key as responses show it, never its cleartext. */
function toAccessKeyView(key: AccessKeyRecord): JsonObject {
  return {
    id: key.id,
    name: key.name,
    description: key.description,
    roleNames: key.roleNames,
    keyTenants: key.tenants,
    status: key.active ? 'active' : 'inactive',
    createdTime: key.createdSeconds,
    expireTime: key.expiresSeconds,
    expiredTime: key.expiresSeconds,
    expiresTime: key.expiresSeconds,
    createdBy: 'emulator',
    clientId: key.id,
    boundUserId: key.boundUserId ?? '',
    permittedIps: key.permittedIps,
    customClaims: key.customClaims,
    customAttributes: key.customAttributes,
  };
}

/** Whether an address is permitted; an empty list permits all. */
export function isPermitted(address: string, entries: readonly string[]): boolean {
  if (entries.length === 0) return true;
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return toList(entries).check(plain, familyOf(plain));
}

/** Rejects an entry that is neither an address nor a range such as `10.0.0.0/8`. */
function assertIps(entries: readonly string[]): void {
  toList(entries);
}

function toList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.trim().split('/', 2);
    const most = isIP(address) === 6 ? 128 : 32;
    const isRange = bits !== undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
    if (isIP(address) === 0 || (bits !== undefined && !isRange)) {
      const message = `The permittedIps field must contain IP addresses and ranges, got ${entry.slice(0, 100)}`;
      throw new DescopeError('invalidArguments', message);
    }
    list.addSubnet(address, isRange ? Number(bits) : most, familyOf(address));
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
