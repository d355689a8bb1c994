// The screens of the flows that sign in or up: an e-mail address, then a code, a password or a link.
import { DescopeError } from '../errors.js';
import { readString, requireString } from '../http/fields.js';
import type { Call, JsonObject, RouteResponse } from '../http/message.js';
import { createUser, readProfile } from '../management/user-body.js';
import type { ProjectState } from '../project-state.js';
import { respondWithSignIn } from '../sign-in/jwt-response.js';
import type { Approach } from '../sign-in/one-time-codes.js';
import { finishSignIn, sendCode, sendLink, toPending } from '../sign-in/one-time-codes.js';
import {
  assertCurrentPassword,
  assertPasswordsEnabled,
  choosePassword,
  requirePassword,
} from '../sign-in/passwords.js';
import type { FlowKind, FlowRun, ScreenId } from '../store/flows.js';
import type { PasswordCheck } from '../store/passwords.js';
import type { PendingSignIn } from '../store/pending.js';
import type { UserRecord } from '../store/project.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';

/** A screen that a user has submitted. */
export interface ScreenSubmission {
  readonly call: Call;
  readonly run: FlowRun;
  /** The id of the button; an unknown one counts as the first of the screen. */
  readonly interactionId: string;
  readonly input: JsonObject;
}

/** Submits a screen; returns the response with tokens, or the id of the next screen. */
export type Screen = (
  state: ProjectState,
  submission: ScreenSubmission,
) => Promise<RouteResponse | ScreenId> | RouteResponse | ScreenId;

/** The first screen: takes the address, and sends a code or a link, or goes on to the password. */
export const addressScreen: Screen = async (state, submission) => {
  submission.run.email = requireEmail(submission.input);
  if (submission.interactionId === 'btnPassword') return 'password';
  const pending = await toEmailed(state, submission);
  if (submission.interactionId === 'btnLink') return sendLoginLink(state, submission, pending);
  sendCode(state, pending);
  return 'code';
};

/** Takes the code. */
export const codeScreen: Screen = async (state, submission) => {
  if (submission.interactionId === 'btnResend') {
    sendCode(state, await toEmailed(state, submission));
    return 'code';
  }
  const given = (readString(submission.input, 'code') ?? '').trim();
  const sent = { deliveryMethod: 'email', loginId: submission.run.email, code: given };
  return finishSignIn(state, state.pending.takeCode(sent, state.clock.now()));
};

/** Takes the password of a known user, or the first one of a new user. */
export const passwordScreen: Screen = async (state, { run, input }) => {
  const given = requireString(input, 'password');
  const known = state.project.users.find(run.email);
  assertMayContinue(run.flow.kind, known);
  const options = { ...NO_LOGIN_OPTIONS, tenantId: run.tenantId };
  const owner = { user: known, tenantId: run.tenantId };
  assertPasswordsEnabled(state, owner);
  const user =
    known || run.flow.kind === 'sign-in'
      ? requirePassword(state, known, given)
      : toNewUser(state, run, choosePassword(state, owner, given));
  if (known) assertCurrentPassword(state, { ...owner, user });
  return respondWithSignIn(state, { user, amr: ['pwd'], options });
};

/** Takes the token of a link, which opens the page in a new tab, whose web component sends the token. */
export const sentScreen: Screen = async (state, { input }) =>
  finishSignIn(state, state.pending.takeLink(requireString(input, 'token'), state.clock.now()));

// With codes and links, the same is checked before one is sent. An unknown user is told of no sooner than a wrong password.
function assertMayContinue(kind: FlowKind, known: UserRecord | undefined): void {
  if (kind === 'sign-up' && known) throw new DescopeError('userExists', 'User already exists');
}

// RFC 5321 section 4.5.3.1: 64 characters, `@` and 255 more.
const MAX_EMAIL = 320;

function requireEmail(input: JsonObject): string {
  const email = (readString(input, 'email') ?? '').trim();
  if (email.length <= MAX_EMAIL && /^[^\s@]+@[^\s@]+$/.test(email)) return email;
  throw new DescopeError('invalidArguments', 'Please enter an e-mail address');
}

const APPROACHES: Readonly<Partial<Record<FlowKind, Approach>>> = {
  'sign-in': 'signin',
  'sign-up': 'signup',
};

function toEmailed(state: ProjectState, { call, run }: ScreenSubmission): Promise<PendingSignIn> {
  const loginOptions = run.tenantId ? { tenantId: run.tenantId } : {};
  const body = { loginId: run.email, loginOptions, user: toProfile(run) };
  const approach = APPROACHES[run.flow.kind] ?? 'signup-in';
  return toPending({ ...call, body, params: new Map([['method', 'email']]) }, state, approach);
}

function sendLoginLink(state: ProjectState, { run }: ScreenSubmission, pending: PendingSignIn): ScreenId {
  if (run.page === undefined)
    throw new DescopeError('invalidArguments', 'The flow has no page to redirect to');
  const page = new URL(run.page);
  page.searchParams.set('descope-login-flow', `${run.executionId}_${toStepId('sent')}`);
  sendLink(state, pending, { body: { URI: page.toString() } });
  return 'sent';
}

/** The id of a screen's step: 1 behind the first screen, 0 for a first one. */
export function toStepId(screen: ScreenId): string {
  return ['code', 'password', 'sent'].includes(screen) ? '1' : '0';
}

function toNewUser(state: ProjectState, run: FlowRun, chosen: PasswordCheck): UserRecord {
  return state.project.users.save({
    ...createUser(run.email, state.clock.nowSeconds()),
    ...readProfile(toProfile(run)),
    email: run.email,
    password: chosen,
  });
}

// What the page knows about a new user; other fields of its form are for the flow.
function toProfile({ inputs: { form } }: FlowRun): JsonObject {
  const names = ['displayName', 'givenName', 'familyName', 'phone', 'picture'];
  return Object.fromEntries(
    names.flatMap((name) =>
      Object.hasOwn(form, name) && typeof form[name] === 'string' ? [[name, form[name]]] : [],
    ),
  );
}
