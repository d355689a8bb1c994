// The token endpoint: authorization code, refresh token, client credentials and token exchange grants.
import { createHash } from 'node:crypto';
import { authenticateClient, CLIENT_FIELDS } from '../clients/find-client.js';
import { readProof, toNonceHeader } from '../dpop/proof.js';
import { readString } from '../http/fields.js';
import type { Call, JsonObject } from '../http/message.js';
import { NO_STORE, OAuthError } from '../http/oauth-error.js';
import type { Handler } from '../http/router.js';
import { ignoresOthers, routesFor, takes, takesQuery } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { AuthorizationCode, OAuthGrant, RefreshRecord } from '../store/oauth-grants.js';
import type { InboundAppRecord } from '../store/project.js';
import type { AuthorizationServer } from './authorization-server.js';
import { findServer, SERVER_FIELDS } from './authorization-server.js';
import { issueAccessToken, issueTokens } from './issue-tokens.js';
import { readRequestedScopes, readResources } from './requested-access.js';
import { EXCHANGE_FIELDS, EXCHANGE_GRANT, exchangeToken } from './token-exchange.js';

/** A token request of an authenticated client. */
interface TokenRequest {
  readonly body: JsonObject;
  readonly client: InboundAppRecord;
  readonly server: AuthorizationServer;
  /** The thumbprint of the key that has signed its DPoP proof; undefined without a proof. */
  readonly thumbprint: string | undefined;
}

type Grant = (request: TokenRequest, state: ProjectState) => Promise<JsonObject>;

const token: Handler = async (call, state) => {
  const nonce = toNonceHeader(call, state, 'token');
  try {
    return { status: 200, body: await respond(call, state), headers: { ...NO_STORE, ...nonce } };
  } catch (cause) {
    if (cause instanceof OAuthError) return cause.toResponse(nonce);
    throw cause;
  }
};

// RFC 6749 section 3.2: unrecognized request parameters must be ignored.
const tokenEndpoint = ignoresOthers(
  takesQuery(
    SERVER_FIELDS,
    takes(
      `${SERVER_FIELDS} ${CLIENT_FIELDS} grant_type code redirect_uri code_verifier refresh_token ` +
        `scope resource audience tenantId tenant_id ${EXCHANGE_FIELDS}`,
      token,
    ),
  ),
);

/** The routes of the token endpoint; the agentic one contains the MCP server. */
export const tokenEndpointRoutes = routesFor('open', {
  'POST /oauth2/v1/apps/token': tokenEndpoint,
  'POST /oauth2/v1/apps/:projectId/token': tokenEndpoint,
  'POST /oauth2/v1/apps/agentic/:projectId/:serverId/token': tokenEndpoint,
});

async function respond(call: Call, state: ProjectState): Promise<JsonObject> {
  const server = findServer(call, state);
  if (!server) throw new OAuthError('invalid_client', 'There is no such project or MCP server');
  const grantType = readString(call.body, 'grant_type');
  if (grantType === undefined) throw new OAuthError('invalid_request', 'The grant_type is missing');
  const grant = GRANTS.get(grantType);
  if (!grant) {
    const known = [...GRANTS.keys()].join(', ');
    throw new OAuthError('unsupported_grant_type', `The emulator supports ${known}`);
  }
  const client = authenticateClient(call, state, server.serverId);
  // Descope offers an exchange to every client; a policy decides.
  if (grantType !== EXCHANGE_GRANT && !client.grantTypes.includes(grantType)) {
    throw new OAuthError('unauthorized_client', `The client may not use the grant ${grantType}`);
  }
  const thumbprint = await readProof(call, state, { endpoint: 'token' });
  if (client.isBound && thumbprint === undefined) throw withoutProof();
  return grant({ body: call.body, client, server, thumbprint }, state);
}

const redeemCode: Grant = async (request, state) => {
  const { body, client, thumbprint } = request;
  const code = requireCode(request, state);
  const { grant } = code;
  // Used twice, by two of whom one has stolen it (RFC 6749 section 4.1.2).
  if (code.used) grant.revoked = true;
  code.used = true;
  if (grant.revoked || code.expiresMs <= state.clock.now()) {
    throw new OAuthError('invalid_grant', 'The code has expired, or was used before');
  }
  // OAuth 2.1 no longer asks for it, and Descope does not list it; one that is sent must be the right one.
  const redirectUri = readString(body, 'redirect_uri');
  if (redirectUri !== undefined && redirectUri !== code.redirectUri) {
    throw new OAuthError('invalid_grant', 'The redirect_uri is not the one of the authorization request');
  }
  if (!isVerifier(readString(body, 'code_verifier') ?? '', code.challenge)) {
    throw new OAuthError('invalid_grant', 'The code_verifier is missing or wrong');
  }
  assertKey(request, code);
  const resources = limitResources(request, state, grant);
  const isRefreshable = client.grantTypes.includes('refresh_token');
  return issueTokens(state, { grant, client, scopes: grant.scopes, resources, thumbprint, isRefreshable });
};

// RFC 9449 sections 5 and 10. What the metadata document of a client says is known of its grant alone.
function assertKey(request: TokenRequest, { grant, thumbprint }: AuthorizationCode | RefreshRecord): void {
  if (grant.isBound === true && request.thumbprint === undefined) throw withoutProof();
  if (thumbprint === undefined || request.thumbprint === thumbprint) return;
  throw new OAuthError('invalid_grant', 'It is bound to a key, and no DPoP proof by this key was sent');
}

function withoutProof(): OAuthError {
  return new OAuthError('invalid_dpop_proof', 'The client has no tokens without a DPoP proof');
}

function requireCode({ body, client, server }: TokenRequest, state: ProjectState): AuthorizationCode {
  const text = readString(body, 'code');
  if (text === undefined) throw new OAuthError('invalid_request', 'The code is missing');
  const code = state.oauth.findCode(text);
  if (code && isOf(code.grant, client, server)) return code;
  throw new OAuthError('invalid_grant', 'The code is unknown, or another client has it');
}

const refresh: Grant = async (request, state) => {
  const { client, thumbprint } = request;
  const record = requireRefresh(request, state);
  const { grant } = record;
  assertKey(request, record);
  if (record.replaced) {
    if (state.settings.replayEndsSignIn) grant.revoked = true;
    throw new OAuthError('invalid_grant', 'The refresh token was replaced by a later one');
  }
  const isRotated = state.settings.refreshRotation;
  const scopes = narrowScopes(request, grant);
  const resources = limitResources(request, state, grant);
  record.replaced = isRotated;
  return issueTokens(state, { grant, client, scopes, resources, thumbprint, isRefreshable: isRotated });
};

function requireRefresh({ body, client, server }: TokenRequest, state: ProjectState): RefreshRecord {
  const text = readString(body, 'refresh_token');
  if (text === undefined) throw new OAuthError('invalid_request', 'The refresh_token is missing');
  const record = state.oauth.findRefresh(text);
  const isValid = record && isOf(record.grant, client, server) && !record.grant.revoked;
  if (isValid && record.expiresSeconds > state.clock.nowSeconds()) return record;
  throw new OAuthError('invalid_grant', 'The refresh token is unknown, has expired or was revoked');
}

const clientCredentials: Grant = async ({ body, client, server, thumbprint }, state) => {
  if (client.clientSecret === undefined) {
    throw new OAuthError('unauthorized_client', 'A client without a secret cannot act for itself');
  }
  const { serverId } = server;
  const scope = readString(body, 'scope');
  const scopes = readRequestedScopes(state, client, { scope, serverId, interactive: false });
  const resource = readString(body, 'resource');
  const grant: OAuthGrant = {
    consentId: undefined,
    clientId: client.clientId,
    userId: undefined,
    serverId,
    scopes,
    resources: readResources(state, resource === undefined ? [] : [resource], serverId),
    nonce: undefined,
    revoked: false,
  };
  return issueAccessToken(state, {
    grant,
    client,
    scopes,
    resources: grant.resources,
    thumbprint,
    audience: readString(body, 'audience'),
    tenantId: readTenant(body, state, client),
  });
};

const GRANTS = new Map<string, Grant>([
  ['authorization_code', redeemCode],
  ['refresh_token', refresh],
  ['client_credentials', clientCredentials],
  [EXCHANGE_GRANT, exchangeToken],
]);

function isOf(grant: OAuthGrant, client: InboundAppRecord, { serverId }: AuthorizationServer): boolean {
  return grant.clientId === client.clientId && grant.serverId === serverId;
}

// RFC 7636 sections 4.1 and 4.6.
function isVerifier(verifier: string, challenge: string): boolean {
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  return createHash('sha256').update(verifier).digest('base64url') === challenge;
}

// RFC 6749 section 6: a refresh never widens what was granted.
function narrowScopes({ body }: TokenRequest, grant: OAuthGrant): readonly string[] {
  const scopes = readString(body, 'scope')?.split(' ').filter(Boolean);
  if (scopes === undefined) return grant.scopes;
  if (scopes.every((scope) => grant.scopes.includes(scope))) return [...new Set(scopes)];
  throw new OAuthError('invalid_scope', 'The scope contains more than was granted');
}

// RFC 8707 section 2.2: only resources of the authorization request. Descope's token endpoint takes a single one.
function limitResources(
  { body, server }: TokenRequest,
  state: ProjectState,
  grant: OAuthGrant,
): readonly string[] {
  const resource = readString(body, 'resource');
  if (resource === undefined) return grant.resources;
  const [only = ''] = readResources(state, [resource], server.serverId);
  if (grant.resources.includes(only)) return [only];
  throw new OAuthError('invalid_target', 'The resource is not one of the authorization request');
}

function readTenant(body: JsonObject, state: ProjectState, app: InboundAppRecord): string | undefined {
  const tenantId = readString(body, 'tenantId') ?? readString(body, 'tenant_id');
  if (tenantId === undefined) return undefined;
  const isAllowed = app.tenantIds.length === 0 || app.tenantIds.includes(tenantId);
  if (isAllowed && state.project.tenants.find(tenantId)) return tenantId;
  throw new OAuthError('invalid_target', `The app has no access to the tenant ${tenantId}`);
}
