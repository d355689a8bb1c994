// Magic links: asked for, sent into the outbox, and brought back by their token.
import { sendLink, toPending } from '../codes/delivery.js';
import type { Approach } from '../codes/delivery.js';
import { finishSignIn } from '../codes/finish-sign-in.js';
import { ok } from '../http/answer.js';
import { requireText } from '../http/fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import { SIGN_IN_FIELDS, SIGN_UP_FIELDS } from '../sign-in/sign-in-fields.js';

function startMagicLink(approach: Approach): Handler {
  return async (call, world) => ok(sendLink(world, await toPending(call, world, approach), call));
}

const verifyMagicLink: Handler = (call, world) =>
  finishSignIn(world, world.pending.takeLink(requireText(call.body, 'token'), world.clock.now()));

/** The routes of magic links. */
export const magicLinkRoutes = routesFor('project', {
  'POST /v1/auth/magiclink/signin/:method': takes(`URI ${SIGN_IN_FIELDS}`, startMagicLink('signin')),
  'POST /v1/auth/magiclink/signup/:method': takes(`URI ${SIGN_UP_FIELDS}`, startMagicLink('signup')),
  'POST /v1/auth/magiclink/signup-in/:method': takes(`URI ${SIGN_UP_FIELDS}`, startMagicLink('signup-in')),
  'POST /v1/auth/magiclink/verify': takes('token', verifyMagicLink),
});
