// What a client may wish for its sign-in.
import type { JsonObject } from '../http/call.js';
import type { SignIn } from './sign-ins.js';

/** The wishes of a client for its sign-in. */
export interface LoginOptions {
  /** Go into the token under `nsec`. */
  readonly callerClaims: JsonObject;
  readonly tenantId?: string | undefined;
  readonly stepUp: boolean;
  readonly revokeOtherSessions: boolean;
  /** The sign-in that a step-up or a second factor builds on. */
  readonly earlier?: SignIn | undefined;
}

/** A sign-in without wishes. */
export const NO_LOGIN_OPTIONS: LoginOptions = { callerClaims: {}, stepUp: false, revokeOtherSessions: false };
