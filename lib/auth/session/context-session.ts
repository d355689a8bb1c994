// The session of a request, and of an execution context: one call among several that a request may make.
import type { ExecutionContext } from '@nestjs/common';
import type { MaybePromise } from '../../core/maybe-promise.js';
import type { Authenticator } from '../../core/session/authenticator.js';
import { DescopeSession } from '../../core/session/session.js';
import type { AccessMode } from '../access/note.js';
import { readAccessPolicy } from '../access.policy.js';
import { areSeveral, findApplications } from '../applications.js';
import {
  findContextRequest,
  readContextCall,
  recallContextRequest,
  toRequestLike,
  writeUser,
} from '../context-request.js';
import type { ContextRequest } from '../context-request.js';
import {
  isAdmitted,
  isForeignUser,
  recallAdmitted,
  recallSession,
  rememberFailure,
  rememberSession,
} from './request-session.js';

/** Finds out who sent a request, once. Throws or rejects with what is wrong with its credential. */
export function findSession(
  request: ContextRequest,
  authenticator: Authenticator,
): MaybePromise<DescopeSession> {
  const remembered = recallSession(request, authenticator);
  if (remembered !== undefined) return remembered;
  try {
    const session = authenticator.authenticate(toRequestLike(request));
    rememberSession(request, { session, authenticator });
    return session;
  } catch (error) {
    rememberFailure(request, error, authenticator);
    throw error;
  }
}

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
  if (!isAdmitted(request, session, authenticator)) {
    const isWhole = admitted === session;
    if (isWhole || recallSession(request, authenticator) !== session)
      rememberSession(request, { session, authenticator, isAdmitted: isWhole });
  }
  if (admitted === session) return;
  rememberSession(readContextCall(context) ?? request, {
    session: admitted,
    authenticator,
    isAdmitted: true,
  });
}

/**
 * Reads the session that a guard has waited for, and let in, before a handler's parameters are read. On a public route
 * it is nobody's, also where the middleware renewed one, or another field of the same GraphQL request asked for it.
 */
export function readSession(context: ExecutionContext): DescopeSession {
  const owners = findApplications(context);
  const call = readContextCall(context);
  const ofCall = call && recallAdmitted(call, owners);
  if (ofCall !== undefined) return ofCall;
  const isPublic = call !== undefined && readMode(context) === 'public';
  const ofRequest = isPublic ? undefined : recallAdmitted(recallContextRequest(context), owners);
  return ofRequest ?? DescopeSession.nobody();
}

/**
 * Takes the user off a request that another application of this process wrote there, where a public route asks nobody.
 * With one application in the process there is nothing to look at.
 */
export function clearForeignUser(context: ExecutionContext, authenticator: object): void {
  if (!areSeveral()) return;
  const request = findContextRequest(context);
  const user = request?.user ?? request?.raw?.user;
  if (request === undefined || user === undefined || !isForeignUser(request, user, authenticator)) return;
  writeUser(request, undefined);
}

function readMode(context: ExecutionContext): AccessMode {
  return readAccessPolicy(context.getClass(), context.getHandler()).mode;
}
