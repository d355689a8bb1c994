// An unmodified OAuth client (oauth4webapi) against the emulator: from discovery to tokens.
import * as oauth from 'oauth4webapi';
import type { Answer } from './consent.js';
import { consent } from './consent.js';

/** The emulator speaks plain http, which the client takes only if it is told to. */
export const INSECURE = { [oauth.allowInsecureRequests]: true } as const;

/** A client of an authorization server. */
export interface OAuthParty {
  readonly as: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly auth: oauth.ClientAuth;
  readonly redirectUri: string;
}

/** Reads the metadata of an issuer, by OpenID Connect's path or by RFC 8414's. */
export async function discover(
  issuer: string,
  algorithm: 'oidc' | 'oauth2' = 'oauth2',
): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer);
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm, ...INSECURE }));
}

/** An authorization request that waits for its response. */
export interface Started {
  readonly url: URL;
  readonly verifier: string;
  readonly state: string;
}

/** Creates an authorization URL; a parameter that is undefined is left out, others are added. */
export async function start(
  party: OAuthParty,
  parameters: Readonly<Record<string, string | undefined>> = {},
): Promise<Started> {
  const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()];
  const url = new URL(party.as.authorization_endpoint ?? '');
  const all = {
    client_id: party.client.client_id,
    redirect_uri: party.redirectUri,
    response_type: 'code',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    ...parameters,
  };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
  return { url, verifier, state };
}

/** Checks an authorization response, and redeems its code. */
export async function redeem(
  party: OAuthParty,
  started: Started,
  callback: URL,
): Promise<oauth.TokenEndpointResponse> {
  const { as, client, auth, redirectUri } = party;
  const parameters = oauth.validateAuthResponse(as, client, callback, started.state);
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    auth,
    parameters,
    redirectUri,
    started.verifier,
    INSECURE,
  );
  const nonce = started.url.searchParams.get('nonce');
  return oauth.processAuthorizationCodeResponse(
    as,
    client,
    response,
    nonce === null ? {} : { expectedNonce: nonce },
  );
}

/** Signs a person in: consent page, response, tokens. */
export async function signIn(
  party: OAuthParty,
  parameters: Readonly<Record<string, string | undefined>> = {},
  answer: Answer = {},
): Promise<oauth.TokenEndpointResponse> {
  const started = await start(party, parameters);
  return redeem(party, started, await consent(started.url, answer));
}

/** A plain request to a token endpoint, with whatever an attacker may send. */
export async function postToken(
  endpoint: string | undefined,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> }> {
  const response = await fetch(endpoint ?? '', {
    method: 'POST',
    headers,
    body: new URLSearchParams(fields),
  });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}
