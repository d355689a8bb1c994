// Management of access keys; the cleartext is answered once, when a key is made or rotated.
import { ok, DescopeError } from '../http/message.js';
import type { JsonObject } from '../http/message.js';
import {
  hasAttributes,
  readField,
  readNumber,
  readObject,
  readText,
  readTexts,
  requireText,
} from '../http/fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import type { AccessKeyRecord } from '../store/access-keys.js';
import { assertIps } from '../store/access-keys.js';
import { createId, createSecret, toDigest } from '../store/records.js';
import { readTenants } from './new-user.js';
import { assertRoles, assertTenants, requireUser } from './find-users.js';
import type { World } from '../project-state.js';
import { toAccessKeyView } from './tenants.js';

const NOTHING_MORE = {
  roleNames: [],
  tenants: [],
  description: '',
  customClaims: {},
  customAttributes: {},
  permittedIps: [],
};

const create: Handler = (call, world) => {
  const userId = readText(call.body, 'userId');
  const cleartext = createSecret();
  const key: AccessKeyRecord = {
    id: createId('K'),
    name: requireText(call.body, 'name'),
    permissions: [],
    boundUserId: userId === undefined ? undefined : requireUser({ userId }, world).userId,
    active: true,
    createdSeconds: world.clock.nowSeconds(),
    expiresSeconds: readNumber(call.body, 'expireTime') ?? 0,
    digest: toDigest(cleartext),
    ...NOTHING_MORE,
    ...readChanges(call.body, world),
  };
  return ok({ key: toAccessKeyView(world.project.accessKeys.save(key)), cleartext });
};

const load: Handler = (call, world) =>
  ok({ key: toAccessKeyView(requireKey({ id: call.query.get('id') }, world)) });

const search: Handler = (call, world) => {
  const tenantIds = readTexts(call.body, 'tenantIds') ?? [];
  const boundUserId = readText(call.body, 'boundUserId');
  const found = world.project.accessKeys.all.filter(
    (key) =>
      (tenantIds.length === 0 || key.tenants.some(({ tenantId }) => tenantIds.includes(tenantId))) &&
      (boundUserId === undefined || key.boundUserId === boundUserId) &&
      hasAttributes(key.customAttributes, readObject(call.body, 'customAttributes') ?? {}),
  );
  return ok({ keys: found.map(toAccessKeyView) });
};

// What the call leaves out is kept.
const update: Handler = (call, world) => {
  const key = requireKey(call.body, world);
  const name = readText(call.body, 'name') ?? key.name;
  const changed = { ...key, name, ...readChanges(call.body, world) };
  return ok({ key: toAccessKeyView(world.project.accessKeys.save(changed)) });
};

const rotate: Handler = (call, world) => {
  const cleartext = createSecret();
  const rotated = { ...requireKey(call.body, world), digest: toDigest(cleartext) };
  return ok({ key: toAccessKeyView(world.project.accessKeys.save(rotated)), cleartext });
};

function forEachKey(act: (key: AccessKeyRecord, world: World) => void): Handler {
  return (call, world) => {
    const ids = readTexts(call.body, 'ids') ?? [requireText(call.body, 'id')];
    for (const key of ids.map((id) => requireKey({ id }, world))) act(key, world);
    return ok();
  };
}

const activate = forEachKey((key, world) => world.project.accessKeys.save({ ...key, active: true }));
const deactivate = forEachKey((key, world) => world.project.accessKeys.save({ ...key, active: false }));
const remove = forEachKey((key, world) => world.project.accessKeys.remove(key));

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

function requireKey(body: JsonObject, world: World): AccessKeyRecord {
  const key = world.project.accessKeys.find(requireText(body, 'id'));
  if (!key) throw new DescopeError('invalidArguments', 'Access key not found');
  return key;
}

function readChanges(body: JsonObject, world: World): Partial<AccessKeyRecord> {
  const roleNames = readTexts(body, 'roleNames');
  const tenants = readTenants(body, 'keyTenants');
  const description = readField(body, 'description') === '' ? '' : readText(body, 'description');
  const customClaims = readObject(body, 'customClaims');
  const customAttributes = readObject(body, 'customAttributes');
  const permittedIps = readTexts(body, 'permittedIps');
  assertRoles(world.project, roleNames);
  assertTenants(world.project, tenants);
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
