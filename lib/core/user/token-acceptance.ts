// Which tokens are accepted: by the kind of caller, and by the audience.
import { DescopeCredentialError } from '../errors.js';
import type { TokenKind } from '../token/claims.js';
import { isKindAccepted } from '../token/claims.js';
import type { Demand } from './demands.js';
import type { DescopeUser } from './descope-user.js';

/** What the module accepts on a route without `@Accepts` or `@Audience`. */
export interface AcceptanceConfig {
  readonly accepts: readonly TokenKind[];
  /** The accepted audiences; `undefined` if no audience is demanded. */
  readonly audience: readonly string[] | undefined;
  /** Whether this is what a protected resource accepts, in place of what the module accepts. */
  readonly isOfResource?: boolean;
}

/**
 * Asserts that the kind and the audience of a token are accepted. The lists of a route replace those of the module; several
 * lists must all be met. The audience of a protected resource is demanded in any case. The token of an app or agent is accepted only if an audience is demanded, because it may have been
 * issued for another resource. Throws `TOKEN_KIND_NOT_ACCEPTED` or `TOKEN_AUDIENCE_MISMATCH`.
 */
export function assertTokenAccepted(
  user: DescopeUser,
  config: AcceptanceConfig,
  demands: readonly Demand[] = [],
): void {
  assertKinds(user, config, demands);
  if (checkAudiences(user, config, demands) > 0 || !isForeignKind(user.kind)) return;
  throw mismatch([], toList(user.claims.aud));
}

function assertKinds(user: DescopeUser, config: AcceptanceConfig, demands: readonly Demand[]): void {
  let isReplaced = false;
  for (const demand of demands) {
    if (demand.kind !== 'accepts') continue;
    assertKind(user, demand.kinds);
    isReplaced = true;
  }
  if (!isReplaced) assertKind(user, config.accepts);
}

// Returns the number of lists of audiences that were checked.
function checkAudiences(user: DescopeUser, config: AcceptanceConfig, demands: readonly Demand[]): number {
  let count = 0;
  for (const demand of demands) {
    // Without the resource's own acceptance it is not known for which audience its tokens are issued.
    if (demand.kind === 'resource' && config.isOfResource !== true)
      throw mismatch([], toList(user.claims.aud));
    if (demand.kind !== 'audience') continue;
    assertAudience(user, demand.names);
    count += 1;
  }
  if (config.audience === undefined || (count > 0 && config.isOfResource !== true)) return count;
  assertAudience(user, config.audience);
  return count + 1;
}

function assertKind(user: DescopeUser, accepted: readonly TokenKind[]): void {
  if (isKindAccepted(user.kind, accepted)) return;
  const message = `A token of the kind "${user.kind}" is not accepted here.`;
  throw new DescopeCredentialError('TOKEN_KIND_NOT_ACCEPTED', message, { kind: user.kind });
}

function assertAudience(user: DescopeUser, audience: readonly string[]): void {
  const named = toList(user.claims.aud);
  if (!named.some((item) => audience.includes(item))) throw mismatch(audience, named);
}

/** Checks whether tokens of a kind may have been issued for another resource. */
export function isForeignKind(kind: TokenKind): boolean {
  return kind === 'app' || kind === 'agent';
}

function toList(audience: string | readonly string[] = []): readonly string[] {
  return typeof audience === 'string' ? [audience] : audience;
}

function mismatch(expected: readonly string[], actual: readonly string[]): DescopeCredentialError {
  const message = 'The token is for another audience.';
  return new DescopeCredentialError('TOKEN_AUDIENCE_MISMATCH', message, { expected, actual });
}
