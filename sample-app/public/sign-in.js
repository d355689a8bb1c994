// Signing in as a seeded person, and signing out. Tokens are handed on, never kept.
import { buttons, byId, onPress } from './page.js';
import { member, post, toMessage } from './request.js';

export function startSignIn() {
  for (const button of buttons('[data-person]:not([data-sign-out-trial])'))
    onPress(button, () => signInAs(button.dataset.person ?? ''), showFailure);
  for (const button of buttons('[data-sign-out]')) onPress(button, signOut, showFailure);
}

/**
 * Signs a seeded person in by cookie; gives the tokens for steps that try them.
 * @param {string} person
 * @param {number} [seconds] how long the session lasts
 * @returns {Promise<{ sessionJwt: string, refreshJwt: string }>}
 */
export async function storeTokens(person, seconds) {
  const { json } = await post('/embedded/tokens', { person, seconds });
  await post('/auth/store_jwt', json);
  return { sessionJwt: String(member(json, 'sessionJwt')), refreshJwt: String(member(json, 'refreshJwt')) };
}

/** @param {string} person */
async function signInAs(person) {
  byId('sign-in-failure').hidden = true;
  await storeTokens(person);
  showAnew();
}

async function signOut() {
  byId('sign-in-failure').hidden = true;
  await post('/auth/logout', {});
  showAnew();
}

function showAnew() {
  location.assign('/');
}

/** @param {unknown} error */
function showFailure(error) {
  const failure = byId('sign-in-failure');
  failure.textContent = `That did not work: ${toMessage(error)}`;
  failure.hidden = false;
}
