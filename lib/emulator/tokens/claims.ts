// What stands in a token: Descope's claims for a sign-in, a refresh token and an access key.
import type { JsonObject } from '../http/message.js';
import type { SignIn } from '../store/sign-ins.js';
import type { AccessKeyRecord } from '../store/access-keys.js';
import { toGrantClaims, toTenantsClaim } from '../store/roles.js';
import type { UserRecord } from '../store/users.js';
import type { World } from '../project-state.js';

/** The claims of a session token. */
export function toSessionClaims(world: World, user: UserRecord, signIn: SignIn): JsonObject {
  return {
    ...user.customClaims,
    ...signIn.customClaims,
    ...toGrantClaims(user, world.project.roles),
    ...toCommonClaims(world, signIn),
    ...toTimes(world, world.settings.sessionSeconds),
    drn: world.settings.sessionCookieName,
    sub: user.userId,
    rexp: toRfc3339(signIn.refreshEndsSeconds),
    ...signIn.overrides,
  };
}

/** The claims of a refresh token. */
export function toRefreshClaims(world: World, user: UserRecord, signIn: SignIn): JsonObject {
  return {
    ...signIn.customClaims,
    ...toTenantsClaim(user, world.project.roles),
    ...toCommonClaims(world, signIn),
    iat: world.clock.nowSeconds(),
    exp: signIn.refreshEndsSeconds,
    drn: world.settings.refreshCookieName,
    sub: user.userId,
  };
}

/** What an access key asks for when it is exchanged. */
export interface ExchangeWishes {
  readonly callerClaims: JsonObject;
  readonly tenantId?: string | undefined;
}

/** The claims of a session token that an access key was exchanged for. */
export function toAccessKeyClaims(world: World, key: AccessKeyRecord, wishes: ExchangeWishes): JsonObject {
  const user = key.boundUserId === undefined ? undefined : world.project.users.find(key.boundUserId);
  return {
    ...key.customClaims,
    ...toGrantClaims(user ?? key, world.project.roles),
    ...(wishes.tenantId === undefined ? {} : { dct: wishes.tenantId }),
    ...toCallerClaims(wishes.callerClaims),
    ...toTimes(world, world.settings.sessionSeconds),
    drn: world.settings.sessionCookieName,
    iss: world.issuer,
    sub: user?.userId ?? key.id,
  };
}

/** `iat` and `exp` for a lifetime in seconds. */
export function toTimes(world: World, seconds: number): { readonly iat: number; readonly exp: number } {
  const iat = world.clock.nowSeconds();
  return { iat, exp: iat + seconds };
}

function toCommonClaims(world: World, signIn: SignIn): JsonObject {
  return {
    amr: [...signIn.amr],
    iss: world.issuer,
    ...(signIn.tenantId === undefined ? {} : { dct: signIn.tenantId }),
    ...toCallerClaims(signIn.callerClaims),
  };
}

function toCallerClaims(claims: JsonObject): JsonObject {
  return Object.keys(claims).length > 0 ? { nsec: claims } : {};
}

function toRfc3339(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
