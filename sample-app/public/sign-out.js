// Signing out, and trying the tokens from before it: the page keeps a copy for as long as this takes.
import { buttons, Log, onPress } from './page.js';
import { send, toMessage, toSummary } from './request.js';
import { storeTokens } from './sign-in.js';

export function startSignOutTrial() {
  for (const button of buttons('[data-sign-out-trial]')) {
    const log = new Log('sign-out-log');
    onPress(
      button,
      () => tryOldTokens(button.dataset.person ?? '', log),
      (error) => log.add(toMessage(error), 'failed', false),
    );
  }
}

/**
 * @param {string} person
 * @param {Log} log
 */
async function tryOldTokens(person, log) {
  log.clear();
  const { sessionJwt } = await storeTokens(person);
  const bearer = { authorization: `Bearer ${sessionJwt}` };
  const steps = /** @type {const} */ ([
    ['GET /me, signed in', 'GET', '/me', {}],
    ['POST /auth/logout', 'POST', '/auth/logout', { body: {} }],
    ['GET /me, whose cookies are gone', 'GET', '/me', {}],
    ['GET /me with the old session token', 'GET', '/me', { headers: bearer, credentials: 'omit' }],
    ['POST /auth/refresh, whose cookie is gone', 'POST', '/auth/refresh', { body: {} }],
  ]);
  for (const [what, method, path, init] of steps) {
    const result = await send(method, path, init);
    log.add(what, toSummary(result), result.isOk);
  }
  log.add('You are signed out. Reload the page to see it.');
}
