// The session of an execution context: of the request, or of one call among several that a request makes.
import type { ExecutionContext } from '@nestjs/common';
import type { Authenticator } from '../../core/session/authenticator.js';
import { DescopeSession } from '../../core/session/session.js';
import { readContextCall, recallContextRequest } from '../context-request.js';
import type { ContextRequest } from '../context-request.js';
import { recallSession, rememberSession } from './request-session.js';

/** Who sent a request, and as whom one of its calls may count them. */
export interface Admission {
  readonly context: ExecutionContext;
  readonly request: ContextRequest;
  readonly session: DescopeSession;
  readonly admitted: DescopeSession;
}

/**
 * Remembers the session at hand, so that the request's next guard need not wait for it. Where a call admits less than
 * that, it is for this call alone: another field of the same GraphQL request may ask for less, or for another audience.
 */
export function rememberAdmission(admission: Admission, authenticator: Authenticator): void {
  const { context, request, session, admitted } = admission;
  if (recallSession(request, authenticator) !== session) rememberSession(request, { session, authenticator });
  if (admitted === session) return;
  rememberSession(readContextCall(context) ?? request, { session: admitted, authenticator });
}

/**
 * Reads the session that the guard has waited for before a handler's parameters are read; on a public route it read none,
 * and then it is nobody's.
 */
export function readSession(context: ExecutionContext): DescopeSession {
  const call = readContextCall(context);
  const admitted = call && recallSession(call);
  const session = admitted ?? recallSession(recallContextRequest(context));
  return session === undefined || session instanceof Promise ? DescopeSession.nobody() : session;
}
