// The flow `sign-up-or-in`: an e-mail address, then a code, a password or a link.
import { DescopeError } from '../errors.js';
import { readString, requireString } from '../http/fields.js';
import type { Call, JsonObject, RouteResponse } from '../http/message.js';
import { createUser } from '../management/user-body.js';
import type { ProjectState } from '../project-state.js';
import { respondWithSignIn } from '../sign-in/jwt-response.js';
import { finishSignIn, sendCode, sendLink, toPending } from '../sign-in/one-time-codes.js';
import type { PasswordCheck } from '../store/passwords.js';
import { toChosenPassword } from '../store/passwords.js';
import type { FlowRun, PendingSignIn, ScreenId } from '../store/pending.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';

/** A screen that a user has submitted. */
interface ScreenSubmission {
  readonly call: Call;
  readonly run: FlowRun;
  /** The id of the button; an unknown one counts as the first of the screen. */
  readonly interactionId: string;
  readonly input: JsonObject;
}

/** Submits a screen; returns the response with tokens, or the id of the next screen. */
export async function submitScreen(
  state: ProjectState,
  submission: ScreenSubmission,
): Promise<RouteResponse | ScreenId> {
  if (submission.interactionId === 'btnBack') return 'login';
  const isLink = submission.run.screen === 'login' && submission.interactionId === 'btnLink';
  state.audit.setMethod(isLink ? 'magiclink' : METHODS[submission.run.screen]);
  return SCREENS[submission.run.screen](state, submission);
}

type Screen = (state: ProjectState, submission: ScreenSubmission) => Promise<RouteResponse | ScreenId>;

const login: Screen = async (state, submission) => {
  submission.run.email = requireEmail(submission.input);
  if (submission.interactionId === 'btnPassword') return 'password';
  const pending = await toEmailed(state, submission);
  if (submission.interactionId === 'btnLink') return sendLoginLink(state, submission, pending);
  sendCode(state, pending);
  return 'code';
};

const code: Screen = async (state, submission) => {
  if (submission.interactionId === 'btnResend') {
    sendCode(state, await toEmailed(state, submission));
    return 'code';
  }
  const given = (readString(submission.input, 'code') ?? '').trim();
  const sent = { deliveryMethod: 'email', loginId: submission.run.email, code: given };
  return finishSignIn(state, state.pending.takeCode(sent, state.clock.now()));
};

const password: Screen = async (state, { run, input }) => {
  const given = requireString(input, 'password');
  const known = state.project.users.find(run.email);
  if (known && !known.password?.(given)) {
    throw new DescopeError('wrongPassword', 'The e-mail address or the password is wrong');
  }
  const user = known ?? toNewUser(state, run, toChosenPassword(given));
  const options = { ...NO_LOGIN_OPTIONS, tenantId: run.tenantId };
  return respondWithSignIn(state, { user, amr: ['pwd'], options });
};

// The link opens the page in a new tab, whose web component sends the token.
const sent: Screen = async (state, { input }) =>
  finishSignIn(state, state.pending.takeLink(requireString(input, 'token'), state.clock.now()));

const SCREENS: Readonly<Record<ScreenId, Screen>> = { login, code, password, sent };

// The authentication methods in the audit trail; the first screen sends a code, unless its button asks for a link.
const METHODS: Readonly<Record<ScreenId, string>> = {
  login: 'otp',
  code: 'otp',
  password: 'password',
  sent: 'magiclink',
};

function requireEmail(input: JsonObject): string {
  const email = (readString(input, 'email') ?? '').trim();
  if (/^[^\s@]+@[^\s@]+$/.test(email)) return email;
  throw new DescopeError('invalidArguments', 'Please enter an e-mail address');
}

function toEmailed(state: ProjectState, { call, run }: ScreenSubmission): Promise<PendingSignIn> {
  const body = { loginId: run.email, loginOptions: run.tenantId ? { tenantId: run.tenantId } : {} };
  return toPending({ ...call, body, params: new Map([['method', 'email']]) }, state, 'signup-in');
}

function sendLoginLink(state: ProjectState, { run }: ScreenSubmission, pending: PendingSignIn): ScreenId {
  if (run.page === undefined)
    throw new DescopeError('invalidArguments', 'The flow has no page to redirect to');
  const page = new URL(run.page);
  page.searchParams.set('descope-login-flow', `${run.executionId}_${toStepId('sent')}`);
  sendLink(state, pending, { body: { URI: page.toString() } });
  return 'sent';
}

/** The id of a screen's step: 0 for the first screen, 1 for later ones. */
export function toStepId(screen: ScreenId): string {
  return screen === 'login' ? '0' : '1';
}

function toNewUser(state: ProjectState, { email }: FlowRun, chosen: PasswordCheck) {
  return state.project.users.save({
    ...createUser(email, state.clock.nowSeconds()),
    email,
    password: chosen,
  });
}
