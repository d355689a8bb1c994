// Judges a token: the whole of it by the application's own verifier, then its audience and its username on their own.
import type { DescopeConfig } from '../../core/config/config.js';
import { DescopeError } from '../../core/errors.js';
import { CookieTokenStore } from '../../core/http/token-store.js';
import { Revocations } from '../../core/revocation/revocations.js';
import { Authenticator } from '../../core/session/authenticator.js';
import type { SignedInSession } from '../../core/session/session.js';
import { acceptSession, DescopeSession, isSignedIn } from '../../core/session/session.js';
import { assertClaimTypes } from '../../core/token/claim-checks.js';
import type { DescopeClaims } from '../../core/token/claims.js';
import { readIssuerKind, readTokenKind } from '../../core/token/claims.js';
import { decodeToken } from '../../core/token/decode.js';
import type { KeysById } from '../../core/token/key-set.js';
import { StaticKeySet } from '../../core/token/key-set.js';
import { TokenVerifier } from '../../core/token/token-verifier.js';
import { readUsername, toUsernameClaimName } from '../../core/user/descope-user.js';
import type { Finding } from './finding.js';
import { ok, problem, skipped, warning } from './finding.js';

/** Judges a token. The findings name claims and never their personal values, nor the token. */
export async function checkToken(
  token: string,
  config: DescopeConfig,
  keys: KeysById | undefined,
): Promise<Finding[]> {
  if (token === '') {
    const advice = 'Send the session token (sessionJwt) to the standard input of this command.';
    return [problem('token', 'The standard input holds no token.', { advice })];
  }
  const claims = readClaims(token);
  const parts = claims === undefined ? [] : [toParts(claims), ...judgeAlone(claims, config)];
  if (keys === undefined)
    return [skipped('token', 'Without keys the signature of the token cannot be verified.'), ...parts];
  return [await judgeWhole(token, config, keys), ...parts];
}

async function judgeWhole(token: string, config: DescopeConfig, keys: KeysById): Promise<Finding> {
  try {
    const session = await open(token, config, keys);
    acceptSession(session, config.acceptance);
    return ok('token', toAcceptance(session, config));
  } catch (error) {
    if (!(error instanceof DescopeError)) throw error;
    const { code, message } = error;
    const advice = ADVICE.get(code) ?? 'Sign in again, and send that session token.';
    return problem('token', `The application rejects the token. ${message}`, { advice, code });
  }
}

// The pipeline of a request, without one.
async function open(token: string, config: DescopeConfig, keys: KeysById): Promise<SignedInSession> {
  const { projectId, verification, authentication, session, clock } = config;
  const notify = () => undefined;
  const authenticator = new Authenticator({
    config: authentication,
    verifier: new TokenVerifier({ config: verification, keys: new StaticKeySet(keys), clock }),
    tokenStore: new CookieTokenStore(session.cookies, clock, notify),
    revocations: new Revocations({ clock, projectId, notify }),
    notify,
  });
  const opened = await authenticator.open(token, false);
  if (isSignedIn(opened)) return opened;
  throw DescopeSession.toRejection(opened);
}

function toAcceptance({ user, expiresAt }: SignedInSession, { clock }: DescopeConfig): string {
  const left = toDuration(expiresAt.getTime() - clock());
  return `The application accepts the token, of the kind "${user.kind}"; it ends in ${left}.`;
}

// What a rejected token says still helps to find out why, so it is read although nothing of it is proven.
function readClaims(token: string): DescopeClaims | undefined {
  try {
    const { payload } = decodeToken(token);
    assertClaimTypes(payload);
    return payload;
  } catch (error) {
    if (error instanceof DescopeError) return undefined; // which the whole judgement reports
    throw error;
  }
}

// The names of claims, and the values that name no person.
function toParts(claims: DescopeClaims): Finding {
  const { drn = 'none', exp, iat } = claims;
  const names = Object.keys(claims).join(', ');
  const dates = [`ends ${toDate(exp)}`, ...(iat === undefined ? [] : [`issued ${toDate(iat)}`])].join(', ');
  return ok('claims', `drn ${JSON.stringify(drn)}; ${dates}; claims: ${names}.`);
}

function judgeAlone(claims: DescopeClaims, config: DescopeConfig): Finding[] {
  const issuer = readIssuerKind(claims.iss, config.projectId);
  if (issuer === undefined) return []; // of another project, whose audience and claims say nothing here
  return [judgeAudience(claims, config), judgeUsername(claims, issuer, config)];
}

function judgeAudience(
  { aud = [] }: DescopeClaims,
  { acceptance, isAudienceDecided }: DescopeConfig,
): Finding {
  const named = typeof aud === 'string' ? [aud] : aud;
  const { audience: wanted } = acceptance;
  const list = named.length === 0 ? 'no audience' : named.map((name) => JSON.stringify(name)).join(', ');
  if (wanted === undefined) {
    const message = `The token names ${list}, and the application asks for none.`;
    if (isAudienceDecided || named.length === 0) return ok('audience', message);
    return warning('audience', message, { advice: `Set DESCOPE_AUDIENCE=${named[0]}, if that is this API.` });
  }
  if (named.some((name) => wanted.includes(name))) return ok('audience', `The token names ${list}.`);
  const message = `The token names ${list}, and the application asks for ${wanted.join(' or ')}.`;
  const advice = 'Let the JWT template of the project write "aud", or change audience (DESCOPE_AUDIENCE).';
  return problem('audience', message, { advice, code: 'TOKEN_AUDIENCE_MISMATCH' });
}

function judgeUsername(
  claims: DescopeClaims,
  issuer: NonNullable<ReturnType<typeof readIssuerKind>>,
  { authentication: { usernameClaim } }: DescopeConfig,
): Finding {
  const name = toUsernameClaimName(usernameClaim);
  const kind = readTokenKind(claims, issuer);
  try {
    readUsername({ claims, kind }, usernameClaim);
  } catch (error) {
    if (!(error instanceof DescopeError)) throw error;
    const advice =
      'Let the JWT template of the project write the claim, or change usernameClaim (DESCOPE_USERNAME_CLAIM).';
    return problem('username', error.message, { advice, code: error.code });
  }
  if (kind === 'user' || kind === 'unknown') return ok('username', `The claim "${name}" holds the username.`);
  return ok('username', `A token of the kind "${kind}" has its id for a username.`);
}

function toDate(seconds: number): string {
  return new Date(1000 * seconds).toISOString();
}

function toDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

const ADVICE: ReadonlyMap<string, string> = new Map([
  [
    'TOKEN_EXPIRED',
    'Sign in again, or refresh: a session token lasts for minutes. If it is new, check the clock.',
  ],
  ['TOKEN_NOT_YET_VALID', 'Check the clock of this machine.'],
  ['TOKEN_ISSUED_IN_FUTURE', 'Check the clock of this machine.'],
  [
    'TOKEN_ISSUER_MISMATCH',
    'Check the project id (DESCOPE_PROJECT_ID) against that of the client that signed in.',
  ],
  ['TOKEN_KEY_UNKNOWN', 'Is it of another project, or of an emulator that was started anew? Sign in again.'],
  ['TOKEN_NOT_A_SESSION', 'Send the session token (sessionJwt), not the refresh token (refreshJwt).'],
  ['TOKEN_MALFORMED', 'Send the token alone, without "Bearer" and quotes: three parts with dots between.'],
  ['TOKEN_ALGORITHM_NOT_ALLOWED', 'Set the option algorithms to what the project signs with.'],
  ['TOKEN_AUDIENCE_MISMATCH', 'See the finding "audience".'],
  ['TOKEN_KIND_NOT_ACCEPTED', 'Add the kind to the option accepts, or to @Accepts() of the handler.'],
  ['USERNAME_CLAIM_MISSING', 'See the finding "username".'],
  ['USERNAME_KIND_UNPROVEN', 'See the finding "username".'],
  ['TOKEN_CLAIM_INVALID', 'Correct the JWT template of the project.'],
  ['TOKEN_TOO_LARGE', 'Shorten the JWT template of the project.'],
  ['TOKEN_IS_ID_TOKEN', 'Send the session token (sessionJwt), not the ID token of OIDC.'],
  [
    'TOKEN_DRN_MISSING',
    'Let the JWT template of the project write "drn", or set allowMissingDrn and audience.',
  ],
  ['TOKEN_HEADER_UNSUPPORTED', 'Send a token that Descope issued, unchanged.'],
  ['TOKEN_SENDER_CONSTRAINED', 'Send a token that is not bound to a key (claim "cnf").'],
]);
