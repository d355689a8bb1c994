// Exchanges an access key for a session token.
import { ok } from '../http/answer.js';
import { DescopeError } from '../http/descope-error.js';
import { readObject, readText } from '../http/fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import type { AccessKeyRecord } from '../store/access-keys.js';
import { isPermitted } from '../store/permitted-ips.js';
import { belongsTo } from '../store/grants.js';
import { toAccessKeyClaims } from '../tokens/claims.js';
import { signToken } from '../tokens/token-signer.js';
import type { World } from '../world.js';

const exchange: Handler = async (call, world) => {
  const key = requireKey(world, call.authorization.credential);
  if (!isPermitted(call.address, key.permittedIps)) {
    throw new DescopeError('invalidToken', 'The access key may not be used from this address');
  }
  const options = readObject(call.body, 'loginOptions') ?? {};
  const tenantId = readText(options, 'selectedTenant');
  assertTenant(world, key, tenantId);
  const wishes = { callerClaims: readObject(options, 'customClaims') ?? {}, tenantId };
  const claims = world.issueTimes.distinguish(toAccessKeyClaims(world, key, wishes));
  const sessionJwt = await signToken(claims, world.keys.current);
  return ok({ keyId: key.id, sessionJwt, expiration: claims.exp });
};

/** The routes of access keys for those who hold one. */
export const accessKeyRoutes = routesFor('project', {
  'POST /v1/auth/accesskey/exchange': takes(
    'loginOptions.customClaims loginOptions.selectedTenant',
    exchange,
  ),
});

function requireKey(world: World, cleartext: string): AccessKeyRecord {
  const key = world.project.accessKeys.findByCleartext(cleartext);
  if (!key || !key.active || isOver(world, key)) {
    throw new DescopeError('invalidToken', 'The access key is unknown, inactive or expired');
  }
  return key;
}

function isOver(world: World, key: AccessKeyRecord): boolean {
  return key.expiresSeconds !== 0 && key.expiresSeconds <= world.clock.nowSeconds();
}

function assertTenant(world: World, key: AccessKeyRecord, tenantId: string | undefined): void {
  const user = key.boundUserId === undefined ? undefined : world.project.users.find(key.boundUserId);
  if (key.boundUserId !== undefined && (!user || user.status === 'disabled')) {
    throw new DescopeError('invalidToken', 'The user of the access key is unknown or disabled');
  }
  if (tenantId !== undefined && !belongsTo(user ?? key, tenantId)) {
    throw new DescopeError('invalidArguments', `The access key does not belong to the tenant ${tenantId}`);
  }
}
