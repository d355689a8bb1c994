// OAuth for inbound apps and agents: the token endpoint (client credentials grant) and its discovery.
import { timingSafeEqual } from 'node:crypto';
import { DescopeError } from '../errors.js';
import { readString } from '../http/fields.js';
import type { Call, ClientCredential, RouteResponse } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { InboundAppRecord } from '../store/project.js';
import { toDigest } from '../store/records.js';
import { toAppClaims, toAppIssuer, toDefaultAudience } from '../tokens/claims.js';
import { signToken } from '../tokens/tokens.js';

const token: Handler = async (call, state) => {
  try {
    return await grant(call, state);
  } catch (cause) {
    if (cause instanceof OAuthError) return cause.toResponse();
    throw cause;
  }
};

/** The routes of the token endpoint; the agentic one contains the MCP server. */
export const tokenEndpointRoutes = routesFor('open', {
  'POST /oauth2/v1/apps/token': token,
  'POST /oauth2/v1/apps/:projectId/token': token,
  'POST /oauth2/v1/apps/agentic/:projectId/:serverId/token': token,
});

async function grant(call: Call, state: ProjectState): Promise<RouteResponse> {
  assertProject(call, state);
  assertGrantType(call);
  const app = requireApp(call, state);
  const scopes = readScopes(call, app);
  const serverId = call.params.get('serverId') ?? readString(call.body, 'mcp_server_id');
  const claims = state.issueTimes.toUnique(
    toAppClaims(state, {
      subject: app.id,
      clientId: app.clientId,
      audience:
        readString(call.body, 'resource') ??
        readString(call.body, 'audience') ??
        toDefaultAudience(state, app, serverId),
      scopes,
      tenantId: readTenant(call, state, app),
      serverId,
      lifetimeSeconds: state.settings.sessionSeconds,
    }),
  );
  const body = {
    access_token: await signToken(claims, state.keys.current),
    token_type: 'Bearer',
    expires_in: state.settings.sessionSeconds,
    scope: scopes.join(' '),
  };
  return { status: 200, body, headers: NO_STORE };
}

function assertProject(call: Call, state: ProjectState): void {
  const named = call.params.get('projectId') ?? readString(call.body, 'project_id') ?? state.projectId;
  if (named !== state.projectId) throw new OAuthError('invalid_client', 'There is no such project');
}

function assertGrantType(call: Call): void {
  const grantType = readString(call.body, 'grant_type');
  if (grantType === undefined) throw new OAuthError('invalid_request', 'The grant_type is missing');
  if (grantType === 'client_credentials') return;
  throw new OAuthError('unsupported_grant_type', 'The emulator supports only client_credentials');
}

function requireApp(call: Call, state: ProjectState): InboundAppRecord {
  const shown = call.client ?? readPostedClient(call);
  const app = state.project.inboundApps.all.find(({ clientId }) => clientId === shown?.clientId);
  if (app && shown && isSame(shown.clientSecret, app.clientSecret)) return app;
  throw new OAuthError('invalid_client', 'The client is unknown, or its secret is missing or wrong');
}

function readPostedClient({ body }: Call): ClientCredential {
  return {
    clientId: readString(body, 'client_id') ?? '',
    clientSecret: readString(body, 'client_secret') ?? '',
  };
}

function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(Buffer.from(toDigest(given)), Buffer.from(toDigest(wanted)));
}

// Without a scope the server chooses (RFC 6749 section 3.3): here all scopes that are not optional.
function readScopes(call: Call, app: InboundAppRecord): readonly string[] {
  const requested = readString(call.body, 'scope')?.split(' ').filter(Boolean);
  if (requested === undefined) {
    return app.permissionsScopes.filter(({ optional }) => !optional).map(({ name }) => name);
  }
  const unknown = requested.find((scope) => !app.permissionsScopes.some(({ name }) => name === scope));
  if (unknown === undefined) return [...new Set(requested)];
  throw new OAuthError('invalid_scope', `The app is not permitted to use the scope ${unknown}`);
}

function readTenant(call: Call, state: ProjectState, app: InboundAppRecord): string | undefined {
  const tenantId = readString(call.body, 'tenantId') ?? readString(call.body, 'tenant_id');
  if (tenantId === undefined) return undefined;
  const isAllowed = app.tenantIds.length === 0 || app.tenantIds.includes(tenantId);
  if (isAllowed && state.project.tenants.find(tenantId)) return tenantId;
  throw new OAuthError('invalid_target', `The app has no access to the tenant ${tenantId}`);
}

// Without an authorization endpoint, which no supported grant uses (RFC 8414 section 2).
const metadata: Handler = (call, state) => {
  const serverId = requireServer(call, state);
  const endpoints = `${state.url}/oauth2/v1/apps${serverId === undefined ? '' : `/agentic/${state.projectId}/${serverId}`}`;
  const scopes = state.project.inboundApps.all.flatMap((app) => app.permissionsScopes);
  return ok({
    issuer: toAppIssuer(state, serverId),
    jwks_uri: `${state.issuerUrl}/.well-known/jwks.json`,
    token_endpoint: `${endpoints}/token`,
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    scopes_supported: [...new Set(scopes.map(({ name }) => name))],
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [state.keys.current.algorithm],
  });
};

const keys: Handler = (call, state) => {
  requireServer(call, state);
  return ok({ keys: state.keys.published });
};

/** The routes of discovery, by the paths of OpenID Connect Discovery and RFC 8414. */
export const appDiscoveryRoutes = routesFor('open', {
  'GET /v1/apps/:projectId/.well-known/openid-configuration': metadata,
  'GET /v1/apps/:projectId/.well-known/oauth-authorization-server': metadata,
  'GET /v1/apps/:projectId/.well-known/jwks.json': keys,
  'GET /v1/apps/agentic/:projectId/:serverId/.well-known/openid-configuration': metadata,
  'GET /v1/apps/agentic/:projectId/:serverId/.well-known/oauth-authorization-server': metadata,
  'GET /v1/apps/agentic/:projectId/:serverId/.well-known/jwks.json': keys,
});

function requireServer(call: Call, state: ProjectState): string | undefined {
  if (call.params.get('projectId') === state.projectId) return call.params.get('serverId');
  throw new DescopeError('invalidToken', 'There is no such project');
}

/** The codes of RFC 6749, and `invalid_target` of RFC 8707. */
type OAuthErrorCode =
  'invalid_request' | 'invalid_client' | 'invalid_scope' | 'invalid_target' | 'unsupported_grant_type';

// Responses of the token endpoint must not be cached (RFC 6749 section 5.1).
const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** A rejected OAuth request (RFC 6749 section 5.2). */
class OAuthError extends Error {
  constructor(
    readonly code: OAuthErrorCode,
    message: string,
  ) {
    super(message);
  }

  /** Creates the response, with the fields of Descope's API beside OAuth's. */
  toResponse(): RouteResponse {
    const isClient = this.code === 'invalid_client';
    const kind = isClient ? 'invalidToken' : 'invalidArguments';
    const body = {
      error: this.code,
      error_description: this.message,
      ...new DescopeError(kind, this.message).toBody(),
    };
    const challenge = isClient ? { 'www-authenticate': 'Basic realm="descope-emulator"' } : {};
    return { status: isClient ? 401 : 400, body, headers: { ...NO_STORE, ...challenge } };
  }
}
