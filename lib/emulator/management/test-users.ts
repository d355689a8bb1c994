// Management: codes and links for test users, and links that are handed out rather than sent.
import { readNumber, readObject, readText } from '../http/fields.js';
import type { Call, JsonObject } from '../http/message.js';
import { DescopeError, ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { toConfirmed, toLink } from '../sign-in/one-time-codes.js';
import type { PendingSignIn } from '../store/pending.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';
import type { UserRecord } from '../store/users.js';
import { requireUser } from './find-users.js';

const otp: Handler = (call, state) => {
  const pending = toTestPending(call, state);
  return ok({ loginId: pending.loginId, code: state.pending.issueCode(pending, 'generated') });
};

const magicLink: Handler = (call, state) => {
  const pending = toTestPending(call, state);
  return ok({ loginId: pending.loginId, link: toLink(call, state, state.pending.issueLink(pending)) });
};

const enchantedLink: Handler = (call, state) => {
  const pending = toTestPending(call, state);
  const { token, pendingRef } = state.enchantedLinks.issue(pending, 'generated');
  return ok({ loginId: pending.loginId, link: toLink(call, state, token), pendingRef });
};

const embeddedLink: Handler = (call, state) => {
  const user = requireUser(call.body, state);
  const seconds = readNumber(call.body, 'timeout') || state.settings.codeSeconds;
  const callerClaims = readObject(call.body, 'customClaims') ?? {};
  const pending = toPending(state, user, { method: 'email', callerClaims, seconds });
  return ok({ token: state.pending.issueLink({ ...pending, deliveryMethod: 'link', changes: {} }) });
};

const GENERATED = 'loginId loginOptions.customClaims';

/** The routes of generated codes and links. */
export const testUserRoutes = routesFor('management', {
  'POST /v1/mgmt/tests/generate/otp': takes(`deliveryMethod ${GENERATED}`, otp),
  'POST /v1/mgmt/tests/generate/magiclink': takes(`deliveryMethod URI ${GENERATED}`, magicLink),
  'POST /v1/mgmt/tests/generate/enchantedlink': takes(`deliveryMethod URI ${GENERATED}`, enchantedLink),
  'POST /v1/mgmt/user/signin/embeddedlink': takes('loginId customClaims timeout', embeddedLink),
});

function toTestPending(call: Call, state: ProjectState): PendingSignIn {
  const user = requireUser(call.body, state);
  if (!user.test) throw new DescopeError('invalidArguments', 'The user is not a test user');
  const method = readText(call.body, 'deliveryMethod') ?? 'email';
  const options = readObject(call.body, 'loginOptions') ?? {};
  const callerClaims = readObject(options, 'customClaims') ?? {};
  const pending = toPending(state, user, { method, callerClaims, seconds: state.settings.codeSeconds });
  // The code is brought back under the login id that it was asked for with.
  return { ...pending, loginId: readText(call.body, 'loginId') ?? pending.loginId };
}

interface Delivery {
  readonly method: string;
  readonly callerClaims: JsonObject;
  readonly seconds: number;
}

function toPending(state: ProjectState, user: UserRecord, delivery: Delivery): PendingSignIn {
  return {
    loginId: user.loginIds[0] ?? user.userId,
    deliveryMethod: delivery.method,
    options: { ...NO_LOGIN_OPTIONS, callerClaims: delivery.callerClaims },
    changes: toConfirmed(delivery.method),
    expiresMs: state.clock.now() + delivery.seconds * 1000,
  };
}
