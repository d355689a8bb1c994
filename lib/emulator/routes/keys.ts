// Where clients find the project's public keys: Descope's own form, and OIDC's.
import { ok } from '../http/answer.js';
import type { Call } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { routesFor } from '../http/router.js';
import type { Handler } from '../http/router.js';

const keys: Handler = (call, world) => {
  assertProject(call, world.projectId);
  return ok({ keys: world.keys.published });
};

const discovery: Handler = (call, world) => {
  assertProject(call, world.projectId);
  return ok({
    issuer: world.issuerUrl,
    jwks_uri: `${world.issuerUrl}/.well-known/jwks.json`,
    authorization_endpoint: `${world.url}/oauth2/v1/authorize`,
    token_endpoint: `${world.url}/oauth2/v1/token`,
    userinfo_endpoint: `${world.url}/oauth2/v1/userinfo`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [world.keys.current.algorithm],
  });
};

/** The routes of the keys. */
export const keyRoutes = routesFor('open', {
  'GET /v2/keys/:projectId': keys,
  'GET /:projectId/.well-known/jwks.json': keys,
  'GET /:projectId/.well-known/openid-configuration': discovery,
});

function assertProject(call: Call, projectId: string): void {
  if (call.params.get('projectId') === projectId) return;
  throw new DescopeError('invalidToken', 'There is no such project');
}
