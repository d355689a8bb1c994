// A refresh, seen happening: a session that lasts seconds is used until it expires, and after that.
import { buttons, byId, Log, onPress, sleep } from './page.js';
import { member, send, toMessage, toSummary } from './request.js';
import { storeTokens } from './sign-in.js';
import { showClaims, toClock } from './token.js';

const TICK_MS = 200;

export function startRefresh() {
  for (const button of buttons('[data-watch-refresh]')) start(button, (log) => watch(button, log));
  for (const button of buttons('[data-refresh-now]')) start(button, refreshNow);
}

/**
 * @param {HTMLButtonElement} button
 * @param {(log: Log) => Promise<void>} step
 */
function start(button, step) {
  const log = new Log('refresh-log');
  onPress(
    button,
    () => {
      log.clear();
      return step(log);
    },
    (error) => log.add(toMessage(error), 'failed', false),
  );
}

/**
 * @param {HTMLButtonElement} button
 * @param {Log} log
 */
async function watch(button, log) {
  const seconds = Number(button.dataset.seconds);
  await storeTokens(button.dataset.email ?? '', seconds);
  const first = await readSession(log, `A session of ${seconds} seconds is stored.`);
  await sleep(TICK_MS);
  await countDown(Number(member(first, 'exp')), seconds);
  log.add('The session has expired. The browser sends it all the same …');
  const next = await readSession(log, 'GET /auth/me');
  const isNew = member(next, 'iat') !== member(first, 'iat');
  log.add(isNew ? '… and the response brought a new one.' : 'It is the same session still.', undefined);
}

/** @param {Log} log */
async function refreshNow(log) {
  const result = await send('POST', '/auth/refresh', { body: {} });
  log.add('POST /auth/refresh', toSummary(result), result.isOk);
  if (result.isOk) await readSession(log, 'GET /auth/me');
}

/**
 * Asks for the claims of the session, and shows them.
 * @param {Log} log
 * @param {string} what
 */
async function readSession(log, what) {
  const result = await send('GET', '/auth/me');
  const claims = member(result.json, 'claims');
  const left = Number(member(claims, 'exp')) - Date.now() / 1000;
  log.add(
    what,
    result.isOk ? `${result.status}, ${toClock(Math.max(0, left))} left` : toSummary(result),
    result.isOk,
  );
  if (result.isOk) showClaims(claims);
  return claims;
}

/**
 * @param {number} expires in seconds since 1970
 * @param {number} whole in seconds
 */
async function countDown(expires, whole) {
  const bar = byId('watched');
  bar.hidden = false;
  let left = whole;
  while (left > 0) {
    left = Math.max(0, expires - Date.now() / 1000);
    bar.setAttribute('value', String(left));
    await sleep(TICK_MS);
  }
  bar.hidden = true;
}
