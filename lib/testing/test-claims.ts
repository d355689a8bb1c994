// Who somebody is in a test → the claims that Descope would put into their token.

/** Who calls. Any other member becomes a claim as it stands; `undefined` leaves a claim out. */
export interface TestIdentity {
  /** The user's or access key's id. Default: a user's. */
  readonly sub?: string;
  /** Makes the token an access key's: an id that says so, and no `amr`. Default: `'user'`. */
  readonly kind?: 'user' | 'access-key';
  /** Project-level roles. */
  readonly roles?: readonly string[];
  /** Project-level permissions. */
  readonly permissions?: readonly string[];
  /** Roles and permissions by tenant id. */
  readonly tenants?: Readonly<
    Record<string, { readonly roles?: readonly string[]; readonly permissions?: readonly string[] }>
  >;
  /** The current tenant. */
  readonly dct?: string;
  /** For whom the token is meant. */
  readonly aud?: string | readonly string[];
  readonly [claim: string]: unknown;
}

const HOUR_SECONDS = 3600;
const TEST_USER_ID = 'U2testtesttesttesttesttestte';
const TEST_KEY_ID = 'K2testtesttesttesttesttestte';

/** Makes the claims of a session that is valid for an hour from `nowMs`. */
export function toTestClaims(
  identity: TestIdentity,
  projectId: string,
  nowMs: number,
): Record<string, unknown> {
  const { kind = 'user', ...claims } = identity;
  const now = Math.floor(nowMs / 1000);
  const isUser = kind === 'user';
  return {
    iss: projectId,
    sub: isUser ? TEST_USER_ID : TEST_KEY_ID,
    drn: 'DS',
    iat: now,
    exp: now + HOUR_SECONDS,
    ...(isUser ? { amr: ['email'] } : {}),
    ...claims,
  };
}
