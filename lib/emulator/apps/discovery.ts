// Where OAuth clients find the issuer, the endpoints and the keys of inbound apps and agents.
import { ok } from '../http/answer.js';
import type { Call } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { routesFor } from '../http/router.js';
import type { Handler } from '../http/router.js';
import type { World } from '../world.js';
import { toAppIssuer } from './app-claims.js';

// Only what there is: no grant that is offered uses an authorization endpoint (RFC 8414 section 2).
const metadata: Handler = (call, world) => {
  const serverId = requireServer(call, world);
  const endpoints = `${world.url}/oauth2/v1/apps${serverId === undefined ? '' : `/agentic/${world.projectId}/${serverId}`}`;
  const scopes = world.project.inboundApps.all.flatMap((app) => app.permissionsScopes);
  return ok({
    issuer: toAppIssuer(world, serverId),
    jwks_uri: `${world.issuerUrl}/.well-known/jwks.json`,
    token_endpoint: `${endpoints}/token`,
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    scopes_supported: [...new Set(scopes.map(({ name }) => name))],
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [world.keys.current.algorithm],
  });
};

const keys: Handler = (call, world) => {
  requireServer(call, world);
  return ok({ keys: world.keys.published });
};

/** The routes of discovery: OpenID's name of the document, and RFC 8414's. */
export const appDiscoveryRoutes = routesFor('open', {
  'GET /v1/apps/:projectId/.well-known/openid-configuration': metadata,
  'GET /v1/apps/:projectId/.well-known/oauth-authorization-server': metadata,
  'GET /v1/apps/:projectId/.well-known/jwks.json': keys,
  'GET /v1/apps/agentic/:projectId/:serverId/.well-known/openid-configuration': metadata,
  'GET /v1/apps/agentic/:projectId/:serverId/.well-known/oauth-authorization-server': metadata,
  'GET /v1/apps/agentic/:projectId/:serverId/.well-known/jwks.json': keys,
});

function requireServer(call: Call, world: World): string | undefined {
  if (call.params.get('projectId') === world.projectId) return call.params.get('serverId');
  throw new DescopeError('invalidToken', 'There is no such project');
}
