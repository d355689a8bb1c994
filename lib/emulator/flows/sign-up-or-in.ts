// The flow `sign-up-or-in`: an e-mail address, then a code, a password or a link.
import { readText, requireText } from '../http/fields.js';
import type { Answer, Call, JsonObject } from '../http/message.js';
import { DescopeError } from '../http/message.js';
import { createUser } from '../management/new-user.js';
import type { ProjectState } from '../project-state.js';
import { finishSignIn, sendCode, sendLink, toPending } from '../sign-in/one-time-codes.js';
import { answerSignIn } from '../sign-in/start-sign-in.js';
import type { FlowRun, PendingSignIn, ScreenId } from '../store/pending.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';
import type { PasswordCheck } from '../store/users.js';
import { toChosenPassword } from '../store/users.js';

/** What a user has done on a screen. */
export interface FlowMove {
  readonly call: Call;
  readonly run: FlowRun;
  /** The id of the button; whatever a screen does not know is its first one. */
  readonly interactionId: string;
  readonly input: JsonObject;
}

/** Makes a move: answers with tokens, or names the screen that comes next. */
export async function makeMove(state: ProjectState, move: FlowMove): Promise<Answer | ScreenId> {
  if (move.interactionId === 'btnBack') return 'login';
  return SCREENS[move.run.screen](state, move);
}

type Screen = (state: ProjectState, move: FlowMove) => Promise<Answer | ScreenId>;

const login: Screen = async (state, move) => {
  move.run.email = requireEmail(move.input);
  if (move.interactionId === 'btnPassword') return 'password';
  const pending = await toMailed(state, move);
  if (move.interactionId === 'btnLink') return mailLink(state, move, pending);
  sendCode(state, pending);
  return 'code';
};

const code: Screen = async (state, move) => {
  if (move.interactionId === 'btnResend') {
    sendCode(state, await toMailed(state, move));
    return 'code';
  }
  const given = (readText(move.input, 'code') ?? '').trim();
  const sent = { deliveryMethod: 'email', loginId: move.run.email, code: given };
  return finishSignIn(state, state.pending.takeCode(sent, state.clock.now()));
};

const password: Screen = async (state, { run, input }) => {
  const given = requireText(input, 'password');
  const known = state.project.users.find(run.email);
  if (known && !known.password?.(given)) {
    throw new DescopeError('wrongPassword', 'The e-mail address or the password is wrong');
  }
  const user = known ?? toNewUser(state, run, toChosenPassword(given));
  const options = { ...NO_LOGIN_OPTIONS, tenantId: run.tenantId };
  return answerSignIn(state, { user, amr: ['pwd'], options });
};

// The link opens the page anew, and there the web component brings the token back.
const sent: Screen = async (state, { input }) =>
  finishSignIn(state, state.pending.takeLink(requireText(input, 'token'), state.clock.now()));

const SCREENS: Readonly<Record<ScreenId, Screen>> = { login, code, password, sent };

function requireEmail(input: JsonObject): string {
  const email = (readText(input, 'email') ?? '').trim();
  if (/^[^\s@]+@[^\s@]+$/.test(email)) return email;
  throw new DescopeError('invalidArguments', 'Please enter an e-mail address');
}

function toMailed(state: ProjectState, { call, run }: FlowMove): Promise<PendingSignIn> {
  const body = { loginId: run.email, loginOptions: run.tenantId ? { tenantId: run.tenantId } : {} };
  return toPending({ ...call, body, params: new Map([['method', 'email']]) }, state, 'signup-in');
}

function mailLink(state: ProjectState, { run }: FlowMove, pending: PendingSignIn): ScreenId {
  if (run.page === undefined) throw new DescopeError('invalidArguments', 'There is no page to come back to');
  const page = new URL(run.page);
  page.searchParams.set('descope-login-flow', `${run.executionId}_${toStepId('sent')}`);
  sendLink(state, pending, { body: { URI: page.toString() } });
  return 'sent';
}

/** The number of a screen's step: the first, or a later one. */
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
