// May the session's token come in at all? Strictly, or leniently where being signed in is optional.
import { DescopeCredentialError } from '../errors.js';
import { assertAdmitted } from '../user/access.js';
import type { AdmissionPolicy } from '../user/access.js';
import { DescopeSession } from './session.js';

/** Asserts that a session's token may come in; nobody's passes. Throws `TOKEN_KIND_NOT_ACCEPTED` or `TOKEN_AUDIENCE_MISMATCH`. */
export function admit(session: DescopeSession, policy: AdmissionPolicy): DescopeSession {
  if (session.user !== undefined) assertAdmitted(session.user, policy);
  return session;
}

/** Like `admit`, but a cookie that may not come in is nobody's, with the reason kept. A bearer token throws. */
export function admitLeniently(session: DescopeSession, policy: AdmissionPolicy): DescopeSession {
  try {
    return admit(session, policy);
  } catch (error) {
    if (session.isAmbient && error instanceof DescopeCredentialError) return DescopeSession.nobody(error);
    throw error;
  }
}
