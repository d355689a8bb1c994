// The endpoints for a token that was issued: claims about its user, and its end (RFC 7009).
import { authenticateClient, CLIENT_FIELDS } from '../clients/find-client.js';
import { isOfSender, readShownToken, toChallenge } from '../dpop/bound-token.js';
import { toNonceHeader } from '../dpop/proof.js';
import { readString } from '../http/fields.js';
import type { Call, RouteResponse } from '../http/message.js';
import { NO_STORE, OAuthError } from '../http/oauth-error.js';
import type { Handler } from '../http/router.js';
import { ignoresOthers, routesFor, takes, takesQuery } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { OAuthGrant } from '../store/oauth-grants.js';
import type { UserRecord } from '../store/project.js';
import { toGrantClaims } from '../store/roles.js';
import { toProfileClaims } from '../tokens/claims.js';
import { readAppClaims } from '../tokens/tokens.js';
import { findServer, SERVER_FIELDS } from './authorization-server.js';

// Descope's is also what a resource server asks for the roles that a user has by now.
const userInfo: Handler = async (call, state) => {
  try {
    const user = await findUser(call, state);
    if (!user) return toChallenge(call, state);
    const { project } = state;
    const body = { sub: user.userId, ...toProfileClaims(user), ...toGrantClaims(user, project.roles) };
    return { status: 200, body, headers: { ...NO_STORE, ...toNonceHeader(call, state, 'userinfo') } };
  } catch (cause) {
    if (cause instanceof OAuthError) return toChallenge(call, state, cause);
    throw cause;
  }
};

const revoke: Handler = (call, state) => {
  try {
    return revokeToken(call, state);
  } catch (cause) {
    if (cause instanceof OAuthError) return cause.toResponse();
    throw cause;
  }
};

const userInfoEndpoint = ignoresOthers(takesQuery(SERVER_FIELDS, takes(SERVER_FIELDS, userInfo)));
const revocationEndpoint = ignoresOthers(
  takesQuery(SERVER_FIELDS, takes(`${SERVER_FIELDS} ${CLIENT_FIELDS} token token_type_hint`, revoke)),
);

/** The routes of user info and revocation. */
export const userInfoRoutes = routesFor('open', {
  'GET /oauth2/v1/apps/userinfo': userInfoEndpoint,
  'POST /oauth2/v1/apps/userinfo': userInfoEndpoint,
  'GET /oauth2/v1/apps/:projectId/userinfo': userInfoEndpoint,
  'POST /oauth2/v1/apps/:projectId/userinfo': userInfoEndpoint,
  'POST /oauth2/v1/apps/revoke': revocationEndpoint,
  'POST /oauth2/v1/apps/:projectId/revoke': revocationEndpoint,
});

async function findUser(call: Call, state: ProjectState): Promise<UserRecord | undefined> {
  const shown = readShownToken(call);
  if (!shown || !findServer(call, state) || state.oauth.isRevoked(shown.token)) return undefined;
  const claims = await readAppClaims(state, shown.token);
  if (!claims || !(await isOfSender(call, state, { ...shown, claims }))) return undefined;
  const user = claims.sub === undefined ? undefined : state.project.users.find(claims.sub);
  return user?.status === 'disabled' ? undefined : user;
}

// Its paths name no MCP server: the server is that of the token. An unknown token is no error (RFC 7009 section 2.2).
function revokeToken(call: Call, state: ProjectState): RouteResponse {
  if (!findServer(call, state)) throw new OAuthError('invalid_client', 'There is no such project');
  const token = readString(call.body, 'token');
  if (token === undefined) throw new OAuthError('invalid_request', 'The token is missing');
  const refresh = state.oauth.findRefresh(token);
  const grant = refresh?.grant ?? state.oauth.findAccess(token);
  const client = authenticateClient(call, state, grant?.serverId ?? readServerOfClient(call, state));
  if (grant && grant.clientId !== client.clientId) {
    throw new OAuthError('invalid_grant', 'The token was issued to another client');
  }
  if (refresh) endGrant(refresh.grant);
  else state.oauth.revokeAccess(token);
  return { status: 200, body: {}, headers: NO_STORE };
}

// With a refresh token end the access tokens that it got (RFC 7009 section 2.1).
function endGrant(grant: OAuthGrant): void {
  grant.revoked = true;
}

function readServerOfClient(call: Call, { project }: ProjectState): string | undefined {
  const clientId = call.client?.clientId ?? readString(call.body, 'client_id');
  return project.inboundApps.all.find((app) => app.clientId === clientId)?.serverId;
}
