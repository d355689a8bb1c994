// Management: codes and links for test users, and links that are handed out rather than sent.
import { readNumber, readObject, readText } from '../http/fields.js';
import { DescopeError, ok } from '../http/message.js';
import type { Call, JsonObject } from '../http/message.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import type { World } from '../project-state.js';
import { toConfirmed, toLink } from '../sign-in/one-time-codes.js';
import type { PendingSignIn } from '../store/pending.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';
import type { UserRecord } from '../store/users.js';
import { requireUser } from './find-users.js';

const otp: Handler = (call, world) => {
  const pending = toTestPending(call, world);
  return ok({ loginId: pending.loginId, code: world.pending.issueCode(pending, 'generated') });
};

const magicLink: Handler = (call, world) => {
  const pending = toTestPending(call, world);
  return ok({ loginId: pending.loginId, link: toLink(call, world, world.pending.issueLink(pending)) });
};

const enchantedLink: Handler = (call, world) => {
  const pending = toTestPending(call, world);
  const { token, pendingRef } = world.enchantedLinks.issue(pending, 'generated');
  return ok({ loginId: pending.loginId, link: toLink(call, world, token), pendingRef });
};

const embeddedLink: Handler = (call, world) => {
  const user = requireUser(call.body, world);
  const seconds = readNumber(call.body, 'timeout') || world.settings.codeSeconds;
  const callerClaims = readObject(call.body, 'customClaims') ?? {};
  const pending = toPending(world, user, { method: 'email', callerClaims, seconds });
  return ok({ token: world.pending.issueLink({ ...pending, deliveryMethod: 'link', changes: {} }) });
};

const GENERATED = 'loginId loginOptions.customClaims';

/** The routes of generated codes and links. */
export const testUserRoutes = routesFor('management', {
  'POST /v1/mgmt/tests/generate/otp': takes(`deliveryMethod ${GENERATED}`, otp),
  'POST /v1/mgmt/tests/generate/magiclink': takes(`deliveryMethod URI ${GENERATED}`, magicLink),
  'POST /v1/mgmt/tests/generate/enchantedlink': takes(`deliveryMethod URI ${GENERATED}`, enchantedLink),
  'POST /v1/mgmt/user/signin/embeddedlink': takes('loginId customClaims timeout', embeddedLink),
});

function toTestPending(call: Call, world: World): PendingSignIn {
  const user = requireUser(call.body, world);
  if (!user.test) throw new DescopeError('invalidArguments', 'The user is not a test user');
  const method = readText(call.body, 'deliveryMethod') ?? 'email';
  const options = readObject(call.body, 'loginOptions') ?? {};
  const callerClaims = readObject(options, 'customClaims') ?? {};
  const pending = toPending(world, user, { method, callerClaims, seconds: world.settings.codeSeconds });
  // The code is brought back under the login id that it was asked for with.
  return { ...pending, loginId: readText(call.body, 'loginId') ?? pending.loginId };
}

interface Delivery {
  readonly method: string;
  readonly callerClaims: JsonObject;
  readonly seconds: number;
}

function toPending(world: World, user: UserRecord, delivery: Delivery): PendingSignIn {
  return {
    loginId: user.loginIds[0] ?? user.userId,
    deliveryMethod: delivery.method,
    options: { ...NO_LOGIN_OPTIONS, callerClaims: delivery.callerClaims },
    changes: toConfirmed(delivery.method),
    expiresMs: world.clock.now() + delivery.seconds * 1000,
  };
}
