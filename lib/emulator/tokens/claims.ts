// What stands in a token: Descope's claims for a sign-in, a refresh token and an access key.
import type { JsonObject } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import type { AccessKeyRecord } from '../store/access-keys.js';
import { toGrantClaims, toTenantsClaim } from '../store/roles.js';
import type { SignIn } from '../store/sign-ins.js';
import type { UserRecord } from '../store/users.js';

/** The claims of a session token. */
export function toSessionClaims(state: ProjectState, user: UserRecord, signIn: SignIn): JsonObject {
  return {
    ...user.customClaims,
    ...signIn.customClaims,
    ...toGrantClaims(user, state.project.roles),
    ...toCommonClaims(state, signIn),
    ...toTimes(state, state.settings.sessionSeconds),
    drn: state.settings.sessionCookieName,
    sub: user.userId,
    rexp: toRfc3339(signIn.refreshEndsSeconds),
    ...signIn.overrides,
  };
}

/** The claims of a refresh token. */
export function toRefreshClaims(state: ProjectState, user: UserRecord, signIn: SignIn): JsonObject {
  return {
    ...signIn.customClaims,
    ...toTenantsClaim(user, state.project.roles),
    ...toCommonClaims(state, signIn),
    iat: state.clock.nowSeconds(),
    exp: signIn.refreshEndsSeconds,
    drn: state.settings.refreshCookieName,
    sub: user.userId,
  };
}

/** What an access key asks for when it is exchanged. */
export interface ExchangeWishes {
  readonly callerClaims: JsonObject;
  readonly tenantId?: string | undefined;
}

/** The claims of a session token that an access key was exchanged for. */
export function toAccessKeyClaims(
  state: ProjectState,
  key: AccessKeyRecord,
  wishes: ExchangeWishes,
): JsonObject {
  const user = key.boundUserId === undefined ? undefined : state.project.users.find(key.boundUserId);
  return {
    ...key.customClaims,
    ...toGrantClaims(user ?? key, state.project.roles),
    ...(wishes.tenantId === undefined ? {} : { dct: wishes.tenantId }),
    ...toCallerClaims(wishes.callerClaims),
    ...toTimes(state, state.settings.sessionSeconds),
    drn: state.settings.sessionCookieName,
    iss: state.issuer,
    sub: user?.userId ?? key.id,
  };
}

/** `iat` and `exp` for a lifetime in seconds. */
export function toTimes(
  state: ProjectState,
  seconds: number,
): { readonly iat: number; readonly exp: number } {
  const iat = state.clock.nowSeconds();
  return { iat, exp: iat + seconds };
}

function toCommonClaims(state: ProjectState, signIn: SignIn): JsonObject {
  return {
    amr: [...signIn.amr],
    iss: state.issuer,
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
