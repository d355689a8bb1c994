// Dynamic client registration (RFC 7591), at the paths of Descope: for inbound apps, and for each MCP server.
import type { JsonObject } from '../http/message.js';
import { NO_STORE, OAuthError } from '../http/oauth-error.js';
import type { Handler } from '../http/router.js';
import { ignoresOthers, routesFor, takes } from '../http/router.js';
import { requireServer, scopesOf } from '../oauth/authorization-server.js';
import type { ProjectState } from '../project-state.js';
import type { InboundAppRecord } from '../store/project.js';
import { toClientId } from '../store/project.js';
import { createId } from '../store/records.js';
import type { ClientMetadata } from './client-metadata.js';
import { readClientMetadata, readText } from './client-metadata.js';

const MAX_REGISTERED = 1000;

const register: Handler = (call, state) => {
  const { serverId } = requireServer(call, state);
  try {
    const metadata = readClientMetadata(call.body);
    assertAuthenticationMethod(call.body);
    const client = addClient(state, metadata, serverId);
    return { status: 201, body: toRegistration(client, call.body, state), headers: NO_STORE };
  } catch (cause) {
    if (cause instanceof OAuthError) return cause.toResponse();
    throw cause;
  }
};

// RFC 7591 section 2: metadata that is not understood must be ignored. Some of it is registered, and has no effect here.
const registration = ignoresOthers(
  takes(
    'client_name redirect_uris grant_types response_types token_endpoint_auth_method scope application_type ' +
      'client_uri logo_uri tos_uri policy_uri software_id software_version dpop_bound_access_tokens',
    register,
  ),
);

/** The routes of registration. */
export const registrationRoutes = routesFor('open', {
  'POST /v1/mgmt/inboundapp/app/:projectId/register': registration,
  'POST /v1/mgmt/mcp/client/:projectId/:serverId/register': registration,
});

// Descope registers public clients alone, so a method with a secret becomes `none` (RFC 7591 section 3.2.1).
function assertAuthenticationMethod(body: JsonObject): void {
  const method = readText(body, 'token_endpoint_auth_method') ?? 'none';
  if (['none', 'client_secret_basic', 'client_secret_post'].includes(method)) return;
  const message = 'The token_endpoint_auth_method must be none, client_secret_basic or client_secret_post';
  throw new OAuthError('invalid_client_metadata', message);
}

function addClient(
  state: ProjectState,
  metadata: ClientMetadata,
  serverId: string | undefined,
): InboundAppRecord {
  const { inboundApps } = state.project;
  const registered = inboundApps.all.filter((app) => app.registered);
  const [oldest] = registered;
  if (oldest && registered.length >= MAX_REGISTERED) inboundApps.remove(oldest);
  const id = createId('TPA');
  return inboundApps.put({
    id,
    clientId: toClientId(state.projectId, id),
    name: metadata.name,
    callbackUrls: metadata.redirectUris,
    grantTypes: metadata.grantTypes,
    registered: true,
    serverId,
    // All of the server: clients of MCP register with the scope of their first request, and ask for more later.
    permissionsScopes: scopesOf(state, serverId),
    attributesScopes: [],
    tenantIds: [],
    defaultAudience: '',
    isBound: metadata.isBound,
    shown: { description: '', logo: '', loginPageUrl: '' },
  });
}

function toRegistration(client: InboundAppRecord, body: JsonObject, state: ProjectState): JsonObject {
  const echoed = Object.entries(body).filter(
    ([name, value]) => ECHOED.has(name) && typeof value === 'string',
  );
  return {
    ...Object.fromEntries(echoed),
    client_id: client.clientId,
    client_id_issued_at: state.clock.nowSeconds(),
    client_name: client.name,
    redirect_uris: client.callbackUrls,
    grant_types: client.grantTypes,
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    dpop_bound_access_tokens: client.isBound === true,
    scope: client.permissionsScopes.map(({ name }) => name).join(' '),
  };
}

// Registered, and without effect here.
const ECHOED = new Set([
  ...['client_uri', 'logo_uri', 'tos_uri', 'policy_uri', 'software_id', 'software_version'],
  'application_type',
]);
