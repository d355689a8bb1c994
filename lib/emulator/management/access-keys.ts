// Management of access keys; the cleartext is answered once, when a key is made or rotated.
import { ok } from '../http/answer.js';
import type { JsonObject } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { readNumber, readObject, readText, readTexts, requireText } from '../http/fields.js';
import { routesFor } from '../http/router.js';
import type { Handler } from '../http/router.js';
import type { AccessKeyRecord } from '../store/access-keys.js';
import { createId, createSecret, toDigest } from '../store/ids.js';
import { readTenants } from '../users/new-user.js';
import { assertRoles, assertTenants, requireUser } from '../users/require-user.js';
import type { World } from '../world.js';
import { toAccessKeyView } from './views.js';

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
      (boundUserId === undefined || key.boundUserId === boundUserId),
  );
  return ok({ keys: found.map(toAccessKeyView) });
};

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

/** The routes that manage access keys. */
export const manageAccessKeyRoutes = routesFor('management', {
  'POST /v1/mgmt/accesskey/create': create,
  'GET /v1/mgmt/accesskey': load,
  'POST /v1/mgmt/accesskey/search': search,
  'POST /v1/mgmt/accesskey/update': update,
  'POST /v1/mgmt/accesskey/rotate': rotate,
  'POST /v1/mgmt/accesskey/activate': activate,
  'POST /v1/mgmt/accesskey/activate/batch': activate,
  'POST /v1/mgmt/accesskey/deactivate': deactivate,
  'POST /v1/mgmt/accesskey/deactivate/batch': deactivate,
  'POST /v1/mgmt/accesskey/delete': remove,
  'POST /v1/mgmt/accesskey/delete/batch': remove,
});

function requireKey(body: JsonObject, world: World): AccessKeyRecord {
  const key = world.project.accessKeys.find(requireText(body, 'id'));
  if (!key) throw new DescopeError('invalidArguments', 'Access key not found');
  return key;
}

function readChanges(body: JsonObject, world: World) {
  const roleNames = readTexts(body, 'roleNames') ?? [];
  const tenants = readTenants(body, 'keyTenants') ?? [];
  assertRoles(world.project, roleNames);
  assertTenants(world.project, tenants);
  return {
    roleNames,
    tenants,
    description: readText(body, 'description') ?? '',
    customClaims: readObject(body, 'customClaims') ?? {},
    customAttributes: readObject(body, 'customAttributes') ?? {},
    permittedIps: readTexts(body, 'permittedIps') ?? [],
  };
}
