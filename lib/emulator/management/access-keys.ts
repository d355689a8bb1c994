// Management of access keys; the cleartext is answered once, when a key is made or rotated.
import {
  hasAttributes,
  readField,
  readNumber,
  readObject,
  readText,
  readTexts,
  requireText,
} from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { DescopeError, ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { AccessKeyRecord } from '../store/access-keys.js';
import { assertIps } from '../store/access-keys.js';
import { createId, createSecret, toDigest } from '../store/records.js';
import { assertRoles, assertTenants, requireUser } from './find-users.js';
import { readTenants } from './new-user.js';
import { toAccessKeyView } from './tenants.js';

const NOTHING_MORE = {
  roleNames: [],
  tenants: [],
  description: '',
  customClaims: {},
  customAttributes: {},
  permittedIps: [],
};

const create: Handler = (call, state) => {
  const userId = readText(call.body, 'userId');
  const cleartext = createSecret();
  const key: AccessKeyRecord = {
    id: createId('K'),
    name: requireText(call.body, 'name'),
    permissions: [],
    boundUserId: userId === undefined ? undefined : requireUser({ userId }, state).userId,
    active: true,
    createdSeconds: state.clock.nowSeconds(),
    expiresSeconds: readNumber(call.body, 'expireTime') ?? 0,
    digest: toDigest(cleartext),
    ...NOTHING_MORE,
    ...readChanges(call.body, state),
  };
  return ok({ key: toAccessKeyView(state.project.accessKeys.save(key)), cleartext });
};

const load: Handler = (call, state) =>
  ok({ key: toAccessKeyView(requireKey({ id: call.query.get('id') }, state)) });

const search: Handler = (call, state) => {
  const tenantIds = readTexts(call.body, 'tenantIds') ?? [];
  const boundUserId = readText(call.body, 'boundUserId');
  const found = state.project.accessKeys.all.filter(
    (key) =>
      (tenantIds.length === 0 || key.tenants.some(({ tenantId }) => tenantIds.includes(tenantId))) &&
      (boundUserId === undefined || key.boundUserId === boundUserId) &&
      hasAttributes(key.customAttributes, readObject(call.body, 'customAttributes') ?? {}),
  );
  return ok({ keys: found.map(toAccessKeyView) });
};

// What the call leaves out is kept.
const update: Handler = (call, state) => {
  const key = requireKey(call.body, state);
  const name = readText(call.body, 'name') ?? key.name;
  const changed = { ...key, name, ...readChanges(call.body, state) };
  return ok({ key: toAccessKeyView(state.project.accessKeys.save(changed)) });
};

const rotate: Handler = (call, state) => {
  const cleartext = createSecret();
  const rotated = { ...requireKey(call.body, state), digest: toDigest(cleartext) };
  return ok({ key: toAccessKeyView(state.project.accessKeys.save(rotated)), cleartext });
};

function forEachKey(act: (key: AccessKeyRecord, state: ProjectState) => void): Handler {
  return (call, state) => {
    const ids = readTexts(call.body, 'ids') ?? [requireText(call.body, 'id')];
    for (const key of ids.map((id) => requireKey({ id }, state))) act(key, state);
    return ok();
  };
}

const activate = forEachKey((key, state) => state.project.accessKeys.save({ ...key, active: true }));
const deactivate = forEachKey((key, state) => state.project.accessKeys.save({ ...key, active: false }));
const remove = forEachKey((key, state) => state.project.accessKeys.remove(key));

const KEY =
  'name description roleNames keyTenants.tenantId keyTenants.tenantName keyTenants.roleNames ' +
  'customClaims customAttributes permittedIps';

/** The routes that manage access keys. */
export const manageAccessKeyRoutes = routesFor('management', {
  'POST /v1/mgmt/accesskey/create': takes(`${KEY} expireTime userId`, create),
  'GET /v1/mgmt/accesskey': load,
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
  const key = state.project.accessKeys.find(requireText(body, 'id'));
  if (!key) throw new DescopeError('invalidArguments', 'Access key not found');
  return key;
}

function readChanges(body: JsonObject, state: ProjectState): Partial<AccessKeyRecord> {
  const roleNames = readTexts(body, 'roleNames');
  const tenants = readTenants(body, 'keyTenants');
  const description = readField(body, 'description') === '' ? '' : readText(body, 'description');
  const customClaims = readObject(body, 'customClaims');
  const customAttributes = readObject(body, 'customAttributes');
  const permittedIps = readTexts(body, 'permittedIps');
  assertRoles(state.project, roleNames);
  assertTenants(state.project, tenants);
  if (permittedIps) assertIps(permittedIps);
  return {
    ...(roleNames && { roleNames }),
    ...(tenants && { tenants }),
    ...(description !== undefined && { description }),
    ...(customClaims && { customClaims }),
    ...(customAttributes && { customAttributes }),
    ...(permittedIps && { permittedIps }),
  };
}
