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

// Only what there is: the emulator plays no OpenID provider, so there is nothing to authorize at.
const discovery: Handler = (call, world) => {
  assertProject(call, world.projectId);
  return ok({
    issuer: world.issuerUrl,
    jwks_uri: `${world.issuerUrl}/.well-known/jwks.json`,
    response_types_supported: [],
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
