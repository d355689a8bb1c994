// Tokens and API keys that an application brings from elsewhere.
import { DescopeError } from '../errors.js';
import {
  below,
  readBoolean,
  readNumber,
  readObjects,
  readString,
  readStrings,
  requireString,
} from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import { requireUser } from '../management/user-body.js';
import type { ProjectState } from '../project-state.js';
import type { ConnectionOwner, GrantedTokens } from './connection.js';
import { requireOutboundApp } from './outbound-apps.js';

/** A token with its owner, read and found to be valid. */
interface Upload {
  readonly owner: ConnectionOwner;
  readonly granted: GrantedTokens;
}

type ReadOwner = (body: JsonObject, state: ProjectState) => ConnectionOwner;

const readUser: ReadOwner = (body, state) => ({
  appId: requireOutboundApp(state, readString(body, 'appId')).id,
  userId: requireUser({ userId: requireString(body, 'userId') }, state).userId,
  tenantId: readString(body, 'tenantId') ?? '',
});

const readTenant: ReadOwner = (body, state) => {
  const tenantId = requireString(body, 'tenantId');
  if (!state.project.tenants.find(tenantId)) {
    throw new DescopeError('invalidArguments', `There is no tenant ${tenantId}`);
  }
  return { appId: requireOutboundApp(state, readString(body, 'appId')).id, userId: '', tenantId };
};

function uploadToken(toOwner: ReadOwner): Handler {
  return (call, state) => {
    const { owner, granted } = toUpload(call.body, state, toOwner);
    if (readBoolean(call.body, 'verifyRefresh') && !state.vault.isRefreshable(granted)) {
      throw new DescopeError('invalidArguments', 'The service does not accept the refresh token');
    }
    state.vault.keep(owner, granted);
    return ok();
  };
}

// All or nothing.
function uploadTokens(toOwner: ReadOwner): Handler {
  return (call, state) => {
    const failures: JsonObject[] = [];
    const uploads = (readObjects(call.body, 'tokens') ?? []).flatMap((body) => {
      try {
        return toUpload(body, state, toOwner);
      } catch (cause) {
        if (!(cause instanceof DescopeError)) throw cause;
        const { appId, userId, tenantId } = body;
        failures.push({ appId, userId, tenantId, errorCode: cause.errorCode, reason: cause.message });
        return [];
      }
    });
    if (failures.length > 0) return ok({ failures });
    for (const { owner, granted } of uploads) state.vault.keep(owner, granted);
    return ok({ failures });
  };
}

function uploadKey(toOwner: ReadOwner): Handler {
  return (call, state) => {
    const accessToken = requireString(call.body, 'apiKey');
    state.vault.keep(toOwner(call.body, state), { ...NOTHING, accessToken, accessTokenType: 'apikey' });
    return ok();
  };
}

const NOTHING: GrantedTokens = {
  scopes: [],
  accessToken: '',
  accessTokenType: 'Bearer',
  expiresSeconds: 0,
  refreshToken: '',
  grantedBy: '',
  externalIdentifier: '',
};

const TOKEN =
  'appId tenantId refreshToken accessToken accessTokenExpiry accessTokenType scopes externalIdentifier grantedBy';

/** The routes that upload tokens and API keys. */
export const uploadRoutes = routesFor('management', {
  'POST /v1/mgmt/outbound/app/user/oauthtoken/upload': takes(
    `${TOKEN} userId verifyRefresh`,
    uploadToken(readUser),
  ),
  'POST /v1/mgmt/outbound/app/tenant/oauthtoken/upload': takes(
    `${TOKEN} verifyRefresh`,
    uploadToken(readTenant),
  ),
  'POST /v1/mgmt/outbound/app/user/oauthtoken/batch/upload': takes(
    below('tokens', `${TOKEN} userId`),
    uploadTokens(readUser),
  ),
  'POST /v1/mgmt/outbound/app/tenant/oauthtoken/batch/upload': takes(
    below('tokens', TOKEN),
    uploadTokens(readTenant),
  ),
  'POST /v1/mgmt/outbound/app/user/apikey/upload': takes('appId userId tenantId apiKey', uploadKey(readUser)),
  'POST /v1/mgmt/outbound/app/tenant/apikey/upload': takes('appId tenantId apiKey', uploadKey(readTenant)),
});

// With a refresh token alone, the first fetch refreshes.
function toUpload(body: JsonObject, state: ProjectState, toOwner: ReadOwner): Upload {
  const refreshToken = readString(body, 'refreshToken') ?? '';
  const accessToken = readString(body, 'accessToken') ?? '';
  if (refreshToken === '' && accessToken === '') {
    throw new DescopeError('missingArguments', 'Either refreshToken or accessToken must be given');
  }
  const expiresSeconds = accessToken === '' ? 1 : (readNumber(body, 'accessTokenExpiry') ?? 0);
  return {
    owner: toOwner(body, state),
    granted: {
      scopes: readStrings(body, 'scopes') ?? [],
      accessToken,
      accessTokenType: readString(body, 'accessTokenType') ?? 'Bearer',
      expiresSeconds,
      refreshToken,
      grantedBy: readString(body, 'grantedBy') ?? '',
      externalIdentifier: readString(body, 'externalIdentifier') ?? '',
    },
  };
}
