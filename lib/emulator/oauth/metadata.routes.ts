// The metadata of authorization servers, at every path where clients look for it.
import { PROOF_ALGORITHMS } from '../dpop/proof.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor } from '../http/router.js';
import { requireServer, scopesOf } from './authorization-server.js';
import { EXCHANGE_GRANT } from './token-exchange.js';

const CLIENT_AUTHENTICATION = ['none', 'client_secret_basic', 'client_secret_post'];

const metadata: Handler = (call, state) => {
  const server = requireServer(call, state);
  return ok({
    issuer: server.issuer,
    jwks_uri: `${state.issuerUrl}/.well-known/jwks.json`,
    authorization_endpoint: server.authorizationEndpoint,
    token_endpoint: server.tokenEndpoint,
    userinfo_endpoint: server.userInfoEndpoint,
    revocation_endpoint: server.revocationEndpoint,
    registration_endpoint: server.registrationEndpoint,
    scopes_supported: scopesOf(state, server.serverId).map(({ name }) => name),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials', EXCHANGE_GRANT],
    token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
    client_id_metadata_document_supported: true,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [state.keys.current.algorithm],
    claims_supported: CLAIMS,
  });
};

const CLAIMS = [
  ...['iss', 'aud', 'iat', 'exp', 'sub', 'name', 'given_name', 'family_name', 'picture'],
  ...['email', 'email_verified', 'phone_number', 'phone_number_verified'],
];

const keys: Handler = (call, state) => {
  requireServer(call, state);
  return ok({ keys: state.keys.published });
};

// Descope documents the first form alone. The last two are those of RFC 8414 section 3.1 and of MCP, which clients try first.
const ISSUERS = ['/v1/apps/:projectId', '/v1/apps/agentic/:projectId/:serverId'];

/** The routes of metadata and keys. */
export const metadataRoutes = ISSUERS.flatMap((issuer) =>
  routesFor('open', {
    [`GET ${issuer}/.well-known/openid-configuration`]: metadata,
    [`GET ${issuer}/.well-known/oauth-authorization-server`]: metadata,
    [`GET ${issuer}/.well-known/jwks.json`]: keys,
    [`GET /.well-known/oauth-authorization-server${issuer}`]: metadata,
    [`GET /.well-known/openid-configuration${issuer}`]: metadata,
  }),
);
