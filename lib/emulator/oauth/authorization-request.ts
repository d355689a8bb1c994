// Reads an authorization request: first where its response may go, then what it asks for.
import { requireClient } from '../clients/find-client.js';
import type { Call } from '../http/message.js';
import { OAuthError } from '../http/oauth-error.js';
import { isRegistered } from '../http/redirect-uris.js';
import type { ProjectState } from '../project-state.js';
import type { AuthorizationRequest } from '../store/oauth-grants.js';
import type { InboundAppRecord } from '../store/project.js';
import type { AuthorizationServer } from './authorization-server.js';
import { findServer } from './authorization-server.js';
import { readRequestedScopes, readResources } from './requested-access.js';

/** Where the response of an authorization request goes: only to a redirect URI that the client has registered. */
export interface ResponseTarget {
  readonly server: AuthorizationServer;
  readonly client: InboundAppRecord;
  readonly redirectUri: string;
  readonly state: string | undefined;
}

/** Reads where the response goes. What it throws is shown on a page, and never sent to the URI of the request. */
export async function readTarget(call: Call, state: ProjectState): Promise<ResponseTarget> {
  const server = findServer(call, state);
  if (!server) throw new OAuthError('invalid_request', 'There is no such project or MCP server');
  const client = await requireClient(state, readOnce(call, 'client_id') ?? '', server.serverId);
  const redirectUri = readOnce(call, 'redirect_uri');
  if (redirectUri === undefined) throw new OAuthError('invalid_request', 'The redirect_uri is missing');
  if (!isRegistered(redirectUri, client)) {
    throw new OAuthError('invalid_request', 'The redirect_uri is not one that the client has registered');
  }
  const values = call.query.getAll('state');
  return { server, client, redirectUri, state: values.length === 1 ? values[0] : undefined };
}

/** Reads what is asked for. What it throws is sent to the redirect URI. */
export function readAuthorizationRequest(
  call: Call,
  state: ProjectState,
  target: ResponseTarget,
): AuthorizationRequest {
  const { client, server, redirectUri } = target;
  readOnce(call, 'state');
  assertSupported(call);
  if (!client.grantTypes.includes('authorization_code')) {
    throw new OAuthError('unauthorized_client', 'The client has not registered this grant');
  }
  return {
    client,
    serverId: server.serverId,
    redirectUri,
    state: target.state,
    challenge: readChallenge(call),
    scopes: readRequestedScopes(state, client, {
      scope: readOnce(call, 'scope'),
      serverId: server.serverId,
      interactive: true,
    }),
    resources: readResources(state, call.query.getAll('resource'), server.serverId),
    nonce: readOnce(call, 'nonce'),
    loginHint: readOnce(call, 'login_hint') ?? readOnce(call, 'loginHint'),
    thumbprint: readThumbprint(call),
  };
}

function assertSupported(call: Call): void {
  const responseType = readOnce(call, 'response_type');
  if (responseType === undefined) throw new OAuthError('invalid_request', 'The response_type is missing');
  if (responseType !== 'code') {
    throw new OAuthError('unsupported_response_type', 'The only response_type is code');
  }
  if ((readOnce(call, 'response_mode') ?? 'query') !== 'query') {
    throw new OAuthError('invalid_request', 'The only response_mode is query');
  }
  if (call.query.has('request') || call.query.has('request_uri')) {
    throw new OAuthError('request_not_supported', 'The emulator does not read request objects');
  }
  if (readOnce(call, 'prompt')?.split(' ').includes('none')) {
    throw new OAuthError('interaction_required', 'The emulator asks the user each time');
  }
  // What would change the token, and would silently not do so here.
  const unsupported = ['tenant', 'claims', 'authorization_details'].find((name) => call.query.has(name));
  if (unsupported === undefined) return;
  throw new OAuthError('invalid_request', `The emulator does not support ${unsupported} here`);
}

// RFC 7636 section 4.4.1: without a method it would be `plain`, which protects nothing that an attacker can read.
function readChallenge(call: Call): string {
  const challenge = readOnce(call, 'code_challenge');
  if (challenge === undefined) throw new OAuthError('invalid_request', 'The code_challenge is missing');
  if (readOnce(call, 'code_challenge_method') !== 'S256') {
    throw new OAuthError('invalid_request', 'The code_challenge_method must be S256');
  }
  if (/^[A-Za-z0-9_-]{43}$/.test(challenge)) return challenge;
  throw new OAuthError('invalid_request', 'The code_challenge must be 43 characters of base64url');
}

function readThumbprint(call: Call): string | undefined {
  const thumbprint = readOnce(call, 'dpop_jkt');
  if (thumbprint === undefined || /^[A-Za-z0-9_-]{43}$/.test(thumbprint)) return thumbprint;
  throw new OAuthError('invalid_request', 'The dpop_jkt must be 43 characters of base64url');
}

// RFC 6749 section 3.1: parameters must not be included more than once, and an empty one counts as omitted.
function readOnce(call: Call, name: string): string | undefined {
  const values = call.query.getAll(name);
  if (values.length > 1) throw new OAuthError('invalid_request', `The request contains ${name} twice`);
  return values[0] || undefined;
}
