// What a service grants a new connection: tokens that only the emulator knows.
import { createSecret } from '../store/records.js';
import type { GrantedTokens } from './connection.js';
import { ACCESS_TOKEN_SECONDS } from './connection.js';

/** The tokens of a new connection, as far as somebody has chosen them. */
export interface ChosenTokens {
  readonly scopes: readonly string[];
  readonly accessToken?: string | undefined;
  readonly expiresInSeconds?: number | undefined;
  readonly refreshToken?: string | undefined;
  readonly grantedBy?: string | undefined;
  readonly externalIdentifier?: string | undefined;
}

/** What knows the time. */
interface Clocked {
  readonly clock: { nowSeconds(): number };
}

/** Completes the tokens of a new connection. */
export function grantTokens(state: Clocked, chosen: ChosenTokens): GrantedTokens {
  return {
    scopes: chosen.scopes,
    accessToken: chosen.accessToken ?? createSecret(),
    accessTokenType: 'Bearer',
    expiresSeconds: state.clock.nowSeconds() + (chosen.expiresInSeconds ?? ACCESS_TOKEN_SECONDS),
    refreshToken: chosen.refreshToken ?? createSecret(),
    grantedBy: chosen.grantedBy ?? '',
    externalIdentifier: chosen.externalIdentifier ?? '',
  };
}
