// Enchanted links over HTTP: asked for, opened, and waited for.
import { ok } from '../http/answer.js';
import type { Call } from '../http/call.js';
import { requireText } from '../http/fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import { sendEnchantedLink, toPending } from './delivery.js';
import type { Approach } from './delivery.js';
import { finishSignIn } from './finish-sign-in.js';
import { SIGN_IN_FIELDS, SIGN_UP_FIELDS } from '../sign-in/sign-in-fields.js';

// They go by mail alone, so the path has no method to name.
function startEnchantedLink(approach: Approach): Handler {
  return async (call, world) => {
    const byMail: Call = { ...call, params: new Map([['method', 'email']]) };
    return ok(sendEnchantedLink(world, await toPending(byMail, world, approach), call));
  };
}

const verifyEnchantedLink: Handler = (call, world) => {
  world.enchantedLinks.verify(requireText(call.body, 'token'), world.clock.now());
  return ok();
};

const pendingSession: Handler = (call, world) =>
  finishSignIn(world, world.enchantedLinks.take(requireText(call.body, 'pendingRef'), world.clock.now()));

/** The routes of enchanted links. */
export const enchantedLinkRoutes = routesFor('project', {
  'POST /v1/auth/enchantedlink/signin/email': takes(
    `URI crossDevice ${SIGN_IN_FIELDS}`,
    startEnchantedLink('signin'),
  ),
  'POST /v1/auth/enchantedlink/signup/email': takes(
    `URI crossDevice ${SIGN_UP_FIELDS}`,
    startEnchantedLink('signup'),
  ),
  'POST /v1/auth/enchantedlink/signup-in/email': takes(
    `URI crossDevice ${SIGN_UP_FIELDS}`,
    startEnchantedLink('signup-in'),
  ),
  'POST /v1/auth/enchantedlink/verify': takes('token', verifyEnchantedLink),
  'POST /v1/auth/enchantedlink/pending-session': takes('pendingRef', pendingSession),
});
