// The screens of the flows for a user who is signed in: confirm who it is (step-up), and choose a tenant.
import { noteLoginStarted } from '../audit/sign-in-events.js';
import { DescopeError } from '../errors.js';
import { readString, requireString } from '../http/fields.js';
import type { Call, RouteResponse } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import { respondWithSignIn, toJwtResponse } from '../sign-in/jwt-response.js';
import { finishSignIn, sendCode } from '../sign-in/one-time-codes.js';
import {
  assertMember,
  claimRefreshToken,
  requireEnabledUser,
  requireSignIn,
} from '../sign-in/start-sign-in.js';
import type { FlowRun } from '../store/flows.js';
import type { UserRecord } from '../store/project.js';
import type { LoginOptions, SignIn } from '../store/sign-ins.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';
import { issueRefresh, issueSession } from '../tokens/tokens.js';
import type { Screen, ScreenSubmission } from './sign-in-steps.js';

interface SignedInUser {
  readonly signIn: SignIn;
  readonly user: UserRecord;
}

/** Finds the user whom a flow is for, by the refresh token; rejects a call without one. */
export async function requireFlowUser(
  call: Call,
  state: ProjectState,
  flowId: string,
): Promise<SignedInUser> {
  try {
    const signIn = await requireSignIn(call, state);
    return { signIn, user: requireEnabledUser(state, signIn.userId) };
  } catch (cause) {
    if (!(cause instanceof DescopeError)) throw cause;
    const message = `The flow ${flowId} is for a signed-in user, whose refresh token the page must send. ${cause.message}`;
    throw new DescopeError('invalidToken', message);
  }
}

/** The address that a step-up sends its codes to. */
export function toAddress({ email, phone, loginIds }: UserRecord): string {
  return email ?? phone ?? loginIds[0] ?? '';
}

/** Sends a code to the signed-in user, or goes on to the password. */
export const confirmScreen: Screen = async (state, submission) => {
  const { signIn, user } = await requireSameUser(state, submission);
  if (submission.interactionId === 'btnPassword') return 'password';
  const [loginId = user.userId] = user.loginIds;
  noteLoginStarted(state, loginId);
  sendCode(state, {
    loginId,
    deliveryMethod: toMethod(user),
    options: toStepUp(submission.run, signIn),
    expiresMs: state.clock.now() + state.settings.codeSeconds * 1000,
  });
  return 'code';
};

/** Takes the code of a step-up. */
export const stepUpCodeScreen: Screen = async (state, submission) => {
  if (submission.interactionId === 'btnResend') return confirmScreen(state, submission);
  const { user } = await requireSameUser(state, submission);
  const [loginId = user.userId] = user.loginIds;
  const code = (readString(submission.input, 'code') ?? '').trim();
  const sent = { deliveryMethod: toMethod(user), loginId, code };
  return finishSignIn(state, state.pending.takeCode(sent, state.clock.now()));
};

/** Takes the password of a step-up. */
export const stepUpPasswordScreen: Screen = async (state, submission) => {
  const { signIn, user } = await requireSameUser(state, submission);
  if (!user.password?.(requireString(submission.input, 'password'))) {
    throw new DescopeError('wrongPassword', 'The password is wrong');
  }
  return respondWithSignIn(state, { user, amr: ['pwd'], options: toStepUp(submission.run, signIn) });
};

/** Selects the tenant of the button. */
export const tenantScreen: Screen = async (state, submission) => {
  const tenantId = readString(submission.input, 'tenant');
  if (tenantId === undefined) throw new DescopeError('invalidArguments', 'Please choose a tenant');
  const { signIn, user } = await requireSameUser(state, submission);
  assertMember(state, user, tenantId);
  return selectTenant(state, { ...submission, signIn, user, tenantId });
};

interface Selection extends ScreenSubmission, SignedInUser {
  readonly tenantId: string;
}

// The sign-in stays the same, and so does its refresh token, unless the project replaces it at each use.
async function selectTenant(state: ProjectState, selection: Selection): Promise<RouteResponse> {
  const { call, signIn, user, tenantId } = selection;
  claimRefreshToken(call, state, signIn);
  signIn.tenantId = tenantId;
  const refreshJwt = state.settings.refreshRotation ? await issueRefresh(state, signIn) : signIn.refreshToken;
  return toJwtResponse(state, { signIn, user, refreshJwt, ...(await issueSession(state, signIn)) });
}

// Another user may have signed in since the flow was started, in another tab.
async function requireSameUser(state: ProjectState, { call, run }: ScreenSubmission): Promise<SignedInUser> {
  const found = await requireFlowUser(call, state, run.flow.id);
  if (found.user.userId === run.userId) return found;
  throw new DescopeError('invalidToken', 'The flow was started by another user');
}

function toMethod({ email, phone }: UserRecord): string {
  return email === undefined && phone !== undefined ? 'sms' : 'email';
}

function toStepUp({ tenantId }: FlowRun, earlier: SignIn): LoginOptions {
  return { ...NO_LOGIN_OPTIONS, tenantId, stepUp: true, earlier };
}
