// Issues the tokens of a grant: an access token, a refresh token, and an ID token where it is asked for.
import { toBinding } from '../dpop/bound-token.js';
import type { JsonObject } from '../http/message.js';
import { OAuthError } from '../http/oauth-error.js';
import type { ProjectState } from '../project-state.js';
import type { OAuthGrant } from '../store/oauth-grants.js';
import type { InboundAppRecord, UserRecord } from '../store/project.js';
import { toAppClaims, toAppIssuer, toProfileClaims, toTimes } from '../tokens/claims.js';
import { signToken } from '../tokens/tokens.js';
import { toAudience } from './requested-access.js';

/** What to issue, and for which grant. */
interface Issue {
  readonly grant: OAuthGrant;
  readonly client: InboundAppRecord;
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  /** The thumbprint of the key that the tokens are bound to; undefined for bearer tokens. */
  readonly thumbprint: string | undefined;
}

/** Whose token is exchanged, how long it lives, and the claims that are carried on. */
interface IssueSubject {
  readonly id: string;
  readonly expiresSeconds: number;
  readonly claims: JsonObject;
}

/** Issues the tokens of a user's grant; the response of the token endpoint. */
export async function issueTokens(
  state: ProjectState,
  issue: Issue & { readonly isRefreshable: boolean },
): Promise<JsonObject> {
  const { grant, client } = issue;
  const user = requireUser(state, grant);
  const expiresSeconds = state.clock.nowSeconds() + state.settings.refreshSeconds;
  // A client with a secret proves who it is at each refresh, and may do so with another key (RFC 9449 section 5).
  const thumbprint = client.clientSecret === undefined ? issue.thumbprint : undefined;
  const issued = await issueAccessToken(state, { ...issue, user });
  return {
    ...issued,
    ...(issue.isRefreshable
      ? { refresh_token: state.oauth.issueRefresh({ grant, expiresSeconds, thumbprint, replaced: false }) }
      : {}),
    ...(issue.scopes.includes('openid') ? { id_token: await signIdToken(state, grant, user) } : {}),
  };
}

/** Issues an access token alone. */
export async function issueAccessToken(
  state: ProjectState,
  issue: Issue & {
    readonly user?: UserRecord;
    readonly audience?: string | undefined;
    readonly tenantId?: string | undefined;
    readonly subject?: IssueSubject;
  },
): Promise<JsonObject> {
  const { grant, client, scopes, resources, user, subject, thumbprint } = issue;
  const target = { resources, serverId: grant.serverId };
  const named = resources.length > 0 ? undefined : issue.audience;
  const lifetimeSeconds = limitLifetime(state, subject);
  const claims = state.issueTimes.toUnique({
    ...toAppClaims(state, {
      subject: subject?.id ?? user?.userId ?? client.id,
      user,
      clientId: client.clientId,
      audience: named ?? toAudience(state, client, target),
      scopes,
      tenantId: issue.tenantId,
      serverId: grant.serverId,
      lifetimeSeconds,
    }),
    ...subject?.claims,
    ...toBinding(thumbprint),
  });
  const token = await signToken(claims, state.keys.current);
  state.oauth.bindAccess(token, grant);
  return {
    access_token: token,
    token_type: thumbprint === undefined ? 'Bearer' : 'DPoP',
    expires_in: lifetimeSeconds,
    scope: scopes.join(' '),
  };
}

// A token lives no longer than the one that it was exchanged for.
function limitLifetime(state: ProjectState, subject: IssueSubject | undefined): number {
  const { sessionSeconds } = state.settings;
  if (!subject) return sessionSeconds;
  return Math.min(sessionSeconds, subject.expiresSeconds - state.clock.nowSeconds());
}

function requireUser(state: ProjectState, { userId = '' }: OAuthGrant): UserRecord {
  const user = state.project.users.find(userId);
  if (user && user.status !== 'disabled') return user;
  throw new OAuthError('invalid_grant', 'The user no longer exists, or is disabled');
}

// OpenID Connect Core, section 2.
function signIdToken(state: ProjectState, grant: OAuthGrant, user: UserRecord): Promise<string> {
  const claims = {
    ...toProfileClaims(user),
    iss: toAppIssuer(state, grant.serverId),
    sub: user.userId,
    aud: grant.clientId,
    azp: grant.clientId,
    ...(grant.nonce === undefined ? {} : { nonce: grant.nonce }),
    ...toTimes(state, state.settings.sessionSeconds),
  };
  return signToken(claims, state.keys.current);
}
