// Tokens of connections: fetched for a user or a tenant, refreshed where they have expired, listed and deleted.
import { DescopeError } from '../errors.js';
import { readBoolean, readObject, readString, readStrings, requireString } from '../http/fields.js';
import type { Call, JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes, takesQuery } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { readVaultCaller } from './caller.js';
import type { Connection } from './connection.js';
import { isExpired } from './connection.js';
import { requireOutboundApp } from './outbound-apps.js';

/** Whose token a request fetches. */
type Owner = 'user' | 'tenant';

function fetchToken(owner: Owner, isByScopes: boolean): Handler {
  return async (call, state) => {
    const caller = await readVaultCaller(call, state);
    const { body } = call;
    const appId = requireOutboundApp(state, readString(body, 'appId')).id;
    const userId = owner === 'user' ? caller.requireUserId(requireString(body, 'userId')) : '';
    const tenantId =
      owner === 'user'
        ? readString(body, 'tenantId')
        : caller.requireTenantId(requireString(body, 'tenantId'));
    const scopes = isByScopes ? (readStrings(body, 'scopes') ?? []) : undefined;
    const externalIdentifier = readString(body, 'externalIdentifier');
    const found = state.vault.find({ appId, userId, tenantId, scopes, externalIdentifier });
    return ok({ token: toTokenView(requireUsable(call, state, found), call) });
  };
}

// Of several tokens the latest counts that still works, or that the service renews.
function requireUsable(call: Call, state: ProjectState, found: readonly Connection[]): Connection {
  const nowSeconds = state.clock.nowSeconds();
  const isForced = readBoolean(readObject(call.body, 'options') ?? {}, 'forceRefresh') ?? false;
  for (const connection of found) {
    const isDue = isExpired(connection, nowSeconds) || (isForced && connection.refreshToken !== '');
    const current = isDue ? state.vault.refresh(connection, nowSeconds) : connection;
    if (!isExpired(current, nowSeconds)) return current;
  }
  throw new DescopeError('noConnection', 'Token not found');
}

const listApps: Handler = (call, state) => {
  const userId = readUserId(state, call.query.get('userId') ?? '');
  if (userId === '') throw new DescopeError('missingArguments', 'The userId argument is missing');
  const tenantId = call.query.get('tenantId') || undefined;
  const nowSeconds = state.clock.nowSeconds();
  const usable = state.vault
    .find({ userId, tenantId })
    .filter((one) => !isExpired(one, nowSeconds) || state.vault.isRefreshable(one));
  return ok({ appIds: [...new Set(usable.map(({ appId }) => appId))] });
};

const deleteOfUser: Handler = (call, state) => {
  const [appId, userId] = [call.query.get('appId'), call.query.get('userId')];
  if (!appId && !userId) throw new DescopeError('missingArguments', 'The appId or the userId is missing');
  const found = state.vault.find({
    appId: appId || undefined,
    userId: userId ? readUserId(state, userId) : undefined,
  });
  state.vault.remove(found.filter((connection) => connection.userId !== ''));
  return ok();
};

const deleteById: Handler = (call, state) => {
  const id = call.query.get('id') ?? '';
  const found = state.vault.find({}).filter((connection) => connection.id === id);
  if (found.length === 0) throw new DescopeError('noConnection', 'Token not found');
  state.vault.remove(found);
  return ok();
};

const OPTIONS = 'options.withRefreshToken options.forceRefresh externalIdentifier';

/** The routes that a management key or the token of an inbound app opens. */
export const fetchTokenRoutes = routesFor('project', {
  'POST /v1/mgmt/outbound/app/user/token': takes(
    `appId userId tenantId scopes ${OPTIONS}`,
    fetchToken('user', true),
  ),
  'POST /v1/mgmt/outbound/app/user/token/latest': takes(
    `appId userId tenantId ${OPTIONS}`,
    fetchToken('user', false),
  ),
  'POST /v1/mgmt/outbound/app/tenant/token': takes(
    `appId tenantId scopes ${OPTIONS}`,
    fetchToken('tenant', true),
  ),
  'POST /v1/mgmt/outbound/app/tenant/token/latest': takes(
    `appId tenantId ${OPTIONS}`,
    fetchToken('tenant', false),
  ),
});

/** The routes that list and delete tokens. */
export const manageTokenRoutes = routesFor('management', {
  'GET /v1/mgmt/outbound/apps-with-user-token': takesQuery('userId tenantId', listApps),
  'DELETE /v1/mgmt/outbound/user/tokens': takesQuery('appId userId', deleteOfUser),
  'DELETE /v1/mgmt/outbound/token': takesQuery('id', deleteById),
});

function readUserId(state: ProjectState, id: string): string {
  return state.project.users.find(id)?.userId ?? id;
}

// Times are strings, as 64 bits are in gRPC's JSON: node-sdk's type says number, go-sdk's and the API reference string.
function toTokenView(connection: Connection, call: Call): JsonObject {
  const withRefreshToken = readBoolean(readObject(call.body, 'options') ?? {}, 'withRefreshToken') ?? false;
  return {
    id: connection.id,
    appId: connection.appId,
    userId: connection.userId,
    tokenSub: connection.externalIdentifier,
    accessToken: connection.accessToken,
    accessTokenType: connection.accessTokenType,
    accessTokenExpiry: String(connection.expiresSeconds),
    hasRefreshToken: connection.refreshToken !== '',
    refreshToken: withRefreshToken ? connection.refreshToken : '',
    lastRefreshTime: String(connection.refreshedSeconds),
    lastRefreshError: connection.refreshError,
    scopes: connection.scopes,
    tenantId: connection.tenantId,
    grantedBy: connection.grantedBy,
    externalIdentifier: connection.externalIdentifier,
  };
}
