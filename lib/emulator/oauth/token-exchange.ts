// The token exchange grant (RFC 8693): a token of a caller for a token of the same caller at one other resource.
import { isObject, readString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { OAuthError } from '../http/oauth-error.js';
import type { ProjectState } from '../project-state.js';
import type { AppExchange, InboundAppRecord } from '../store/project.js';
import { readAppClaims, readToken } from '../tokens/tokens.js';
import { issueAccessToken } from './issue-tokens.js';
import { readResources } from './requested-access.js';

/** The grant, as `grant_type` names it. */
export const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** The fields of the grant. */
export const EXCHANGE_FIELDS =
  'subject_token subject_token_type requested_token_type actor_token actor_token_type';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';

/** A request of an authenticated client. */
interface ExchangeRequest {
  readonly body: JsonObject;
  readonly client: InboundAppRecord;
  readonly server: { readonly serverId: string | undefined };
  readonly thumbprint: string | undefined;
}

/** Whose token is exchanged. */
interface Subject {
  readonly id: string;
  readonly expiresSeconds: number;
  readonly claims: JsonObject;
}

/**
 * Exchanges a token. Descope asks its policies for delegated access alone: neither the grants of the client nor the scopes of
 * the subject token count, and a client without a policy gets nothing.
 */
export async function exchangeToken(request: ExchangeRequest, state: ProjectState): Promise<JsonObject> {
  const { body, client, server, thumbprint } = request;
  assertSupported(body);
  const subject = await requireSubject(body, state);
  assertKey(subject, thumbprint);
  const policy = requirePolicy(request, state);
  const scopes = limitScopes(readString(body, 'scope'), policy);
  const user = state.project.users.find(subject.id);
  const { act, dct } = subject.claims;
  const issued = await issueAccessToken(state, {
    grant: {
      consentId: undefined,
      clientId: client.clientId,
      userId: user?.userId,
      serverId: server.serverId,
      scopes,
      resources: [policy.resource],
      nonce: undefined,
      revoked: false,
    },
    client,
    scopes,
    resources: [policy.resource],
    thumbprint,
    ...(user ? { user } : {}),
    subject: {
      id: subject.id,
      expiresSeconds: subject.expiresSeconds,
      claims: { ...(act === undefined ? {} : { act }), ...(dct === undefined ? {} : { dct }) },
    },
  });
  return { ...issued, issued_token_type: ACCESS_TOKEN };
}

// Descope's API takes no actor token, and no other type is documented.
function assertSupported(body: JsonObject): void {
  const [type, requested] = [
    readString(body, 'subject_token_type'),
    readString(body, 'requested_token_type'),
  ];
  if (type === undefined) throw new OAuthError('invalid_request', 'The subject_token_type is missing');
  if (type !== ACCESS_TOKEN && type !== JWT)
    throw new OAuthError('invalid_request', 'The subject_token_type must be that of an access token');
  if (requested !== undefined && requested !== ACCESS_TOKEN)
    throw new OAuthError('invalid_request', 'The requested_token_type must be that of an access token');
  if (readString(body, 'actor_token') !== undefined)
    throw new OAuthError('invalid_request', 'The emulator takes no actor_token');
}

// RFC 8693 section 2.2.2: `invalid_request` for a subject token that is invalid for any reason.
async function requireSubject(body: JsonObject, state: ProjectState): Promise<Subject> {
  const token = readString(body, 'subject_token');
  if (token === undefined) throw new OAuthError('invalid_request', 'The subject_token is missing');
  const subject = (await readSession(token, state)) ?? (await readOfApp(token, state));
  const isDisabled = state.project.users.find(subject?.id ?? '')?.status === 'disabled';
  if (subject && !isDisabled) return subject;
  throw new OAuthError('invalid_request', 'The subject_token is not a valid token of this project');
}

// The key of a bound token is that of the client to which it was issued: another client, which has no such key, cannot make
// a token of its own of it (RFC 9449 section 5).
function assertKey({ claims: { cnf } }: Subject, thumbprint: string | undefined): void {
  if (cnf === undefined || (thumbprint !== undefined && isObject(cnf) && cnf['jkt'] === thumbprint)) return;
  const message = 'The subject_token is bound to a key, and no DPoP proof by this key was sent';
  throw new OAuthError('invalid_request', message);
}

async function readSession(token: string, state: ProjectState): Promise<Subject | undefined> {
  try {
    const { subject, expiresSeconds, claims } = await readToken(state, token, 'session');
    return state.signIns.isEnded(token, claims) ? undefined : { id: subject, expiresSeconds, claims };
  } catch {
    return undefined;
  }
}

async function readOfApp(token: string, state: ProjectState): Promise<Subject | undefined> {
  const claims = await readAppClaims(state, token);
  if (!claims?.sub || claims.exp === undefined || state.oauth.isRevoked(token)) return undefined;
  return { id: claims.sub, expiresSeconds: claims.exp, claims };
}

function requirePolicy({ body, client, server }: ExchangeRequest, state: ProjectState): AppExchange {
  const [resource, audience] = [readString(body, 'resource'), readString(body, 'audience')];
  const targets = new Set([
    ...readResources(state, resource === undefined ? [] : [resource], server.serverId),
    ...(audience === undefined ? [] : [audience]),
  ]);
  const [target, ...others] = targets;
  if (target === undefined)
    throw new OAuthError('invalid_request', 'The resource or the audience is missing');
  const policy = client.exchanges?.find((one) => one.resource === target);
  if (policy && others.length === 0) return policy;
  throw new OAuthError('invalid_target', 'No policy permits this client delegated access to the resource');
}

function limitScopes(scope: string | undefined, { scopes }: AppExchange): readonly string[] {
  const requested = scope?.split(' ').filter(Boolean);
  if (requested === undefined) return scopes;
  if (requested.every((name) => scopes.includes(name))) return [...new Set(requested)];
  throw new OAuthError('invalid_scope', 'The scope contains more than the policy permits');
}
