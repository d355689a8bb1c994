// May the session's token come in at all? Strictly, or leniently where being signed in is optional.
import { DescopeCredentialError } from '../errors.js';
import { assertAdmitted } from '../user/admitted.js';
import type { AdmissionPolicy } from '../user/admitted.js';
import type { Demand } from '../user/demands.js';
import { DescopeSession } from './session.js';

/** Asserts that a session's token may come in; nobody's passes. Throws `TOKEN_KIND_NOT_ACCEPTED` or `TOKEN_AUDIENCE_MISMATCH`. */
export function admit(
  session: DescopeSession,
  policy: AdmissionPolicy,
  demands: readonly Demand[] = [],
): DescopeSession {
  if (session.user !== undefined) assertAdmitted(session.user, policy, demands);
  return session;
}

/** Like `admit`, but a cookie that may not come in is nobody's, with the reason kept. A bearer token throws. */
export function admitLeniently(
  session: DescopeSession,
  policy: AdmissionPolicy,
  demands: readonly Demand[] = [],
): DescopeSession {
  try {
    return admit(session, policy, demands);
  } catch (error) {
    if (session.isAmbient && error instanceof DescopeCredentialError) return DescopeSession.nobody(error);
    throw error;
  }
}
