// All that keeps browsers' sessions, in one hand.
import type { RefreshApi } from '../api/session-calls.js';
import type { TokenPlace } from '../place/token-place.js';
import type { TokenVerifier } from '../token/token-verifier.js';
import type { Renewer } from '../renewal/renewer.js';
import type { SessionKeeper } from '../renewal/session-keeper.js';
import type { SignInChains } from './sign-in-chains.js';
import type { SignOutList } from './sign-out-list.js';

/** What middleware and routes work with. */
export interface Sessions {
  readonly api: RefreshApi;
  readonly keeper: SessionKeeper;
  readonly place: TokenPlace;
  readonly renewer: Renewer;
  readonly signIns: SignInChains;
  readonly signOuts: SignOutList;
  readonly verifier: TokenVerifier;
}
