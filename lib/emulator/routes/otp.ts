// One-time codes: asked for, sent into the outbox, and brought back.
import { requireOwnSignIn, toAddressChange } from '../codes/address-change.js';
import { requireMethod, sendCode, toPending } from '../codes/delivery.js';
import type { Approach } from '../codes/delivery.js';
import { finishSignIn } from '../codes/finish-sign-in.js';
import { ok } from '../http/answer.js';
import { requireText } from '../http/fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import { ADDRESS_FIELDS, SIGN_IN_FIELDS, SIGN_UP_FIELDS } from '../sign-in/sign-in-fields.js';

function startOtp(approach: Approach): Handler {
  return async (call, world) => ok(sendCode(world, await toPending(call, world, approach)));
}

const verifyOtp: Handler = (call, world) => {
  const code = {
    deliveryMethod: requireMethod(call),
    loginId: requireText(call.body, 'loginId'),
    code: requireText(call.body, 'code'),
  };
  return finishSignIn(world, world.pending.takeCode(code, world.clock.now()));
};

const updateAddress: Handler = async (call, world) => {
  await requireOwnSignIn(call, world);
  return ok(sendCode(world, toAddressChange(call, world)));
};

/** The routes of one-time codes. */
export const otpRoutes = routesFor('project', {
  'POST /v1/auth/otp/signin/:method': takes(SIGN_IN_FIELDS, startOtp('signin')),
  'POST /v1/auth/otp/signup/:method': takes(SIGN_UP_FIELDS, startOtp('signup')),
  'POST /v1/auth/otp/signup-in/:method': takes(SIGN_UP_FIELDS, startOtp('signup-in')),
  'POST /v1/auth/otp/verify/:method': takes('loginId code', verifyOtp),
  'POST /v1/auth/otp/update/email': takes(`email ${ADDRESS_FIELDS}`, updateAddress),
  'POST /v1/auth/otp/update/phone/:method': takes(`phone ${ADDRESS_FIELDS}`, updateAddress),
});
