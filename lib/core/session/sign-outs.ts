// Signing out by the tokens of a request: revokes them and those of the same sign-ins, and ends the session at Descope.
import type { RefreshApi } from '../api/descope-calls.js';
import { endAllSessions, endSession } from '../api/descope-calls.js';
import { readSubjectId } from '../token/claims.js';
import type { TokenVerifier } from '../token/token-verifier.js';
import type { HeldToken, HeldTokens } from './held-tokens.js';
import { listHeld, proveRefresh, proveSession } from './held-tokens.js';
import type { Refresher } from './refresher.js';
import type { RevokedSignIn, Revoker } from './revoker.js';

/** How far a sign-out has come. This process rejects the tokens in any case. */
export interface SignOutResult {
  /** Whether the sign-out is stored for all instances that share a channel or store. */
  readonly isStored: boolean;
  /** `false` only where Descope could not be reached to end the session. */
  readonly isEndedAtDescope: boolean;
}

/** The input of `SignOuts`. */
export interface SignOutsInput {
  readonly api: RefreshApi;
  readonly verifier: TokenVerifier;
  readonly refresher: Refresher;
  readonly revoker: Revoker;
}

interface Revocation {
  readonly isStored: boolean;
  readonly signIns: readonly RevokedSignIn[];
  /** The refresh tokens of the browser, the newest one last; Descope ends their session by it. */
  readonly refresh: readonly HeldToken[];
}

export class SignOuts {
  readonly #input: SignOutsInput;

  constructor(input: SignOutsInput) {
    this.#input = input;
  }

  /** Ends one session. */
  async end(held: HeldTokens): Promise<SignOutResult> {
    const { api, revoker } = this.#input;
    const { isStored, signIns, refresh } = await this.#revoke(held);
    const newest = refresh.at(-1);
    const outcome = newest && (await revoker.tell(() => endSession(api, newest.token), true));
    const areOthersStored = await revoker.prolong(signIns, outcome === 'done' ? refresh : []);
    return { isStored: isStored && areOthersStored, isEndedAtDescope: outcome !== 'unavailable' };
  }

  /** Ends one session and all others of its user. The tokens at hand may be two users'. */
  async endAll(held: HeldTokens, owner: HeldToken): Promise<SignOutResult> {
    const { api, revoker } = this.#input;
    const { isStored, signIns, refresh } = await this.#revoke(held);
    const id = readSubjectId(owner.claims);
    const isOfOwner = ({ claims }: HeldToken): boolean => readSubjectId(claims) === id;
    const newest = refresh.findLast(isOfOwner);
    const tell = async () => newest && revoker.tell(() => endAllSessions(api, newest.token), true);
    const { reach, atDescope } = await revoker.revokeBeforeNow({ scope: 'user', id }, tell);
    const ended = atDescope === 'done' ? signIns.map(({ of }) => of).filter(isOfOwner) : [];
    const areOthersStored = await revoker.prolong(signIns, ended);
    const areStored = isStored && areOthersStored && reach !== 'pending';
    return { isStored: areStored, isEndedAtDescope: atDescope !== 'unavailable' };
  }

  // Revokes the tokens at hand first, so that a refresh under way brings none that is accepted; then those that a refresh
  // has just brought, because its response may reach the browser after ours.
  async #revoke(held: HeldTokens): Promise<Revocation> {
    const { revoker, refresher, verifier } = this.#input;
    const first = await revoker.revokeSignIns(listHeld(held));
    if (held.refresh === undefined) return { ...first, refresh: [] };
    const { token } = held.refresh;
    const refreshed = await refresher.findRefreshed(token);
    const newer = [
      await proveSession(verifier, refreshed?.sessionToken),
      await proveRefresh(verifier, refreshed?.refreshToken),
    ].filter((proven) => proven !== undefined);
    const second = await revoker.revokeSignIns(newer);
    await refresher.forgetRefreshed(token); // other instances may not know that they are revoked
    return {
      isStored: first.isStored && second.isStored,
      signIns: [...first.signIns, ...second.signIns],
      refresh: [held.refresh, ...newer.filter(({ isRefresh }) => isRefresh)],
    };
  }
}
