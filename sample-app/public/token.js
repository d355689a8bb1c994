// The time that a session has left, as a bar; and claims that change with a refresh.
import { member } from './request.js';

const SECOND_MS = 1000;

export function startToken() {
  if (find() === null) return;
  showTimeLeft();
  setInterval(showTimeLeft, SECOND_MS);
}

/**
 * Shows the claims of a session that has been refreshed.
 * @param {unknown} claims
 */
export function showClaims(claims) {
  const bar = find();
  if (bar === null) return;
  bar.dataset.issued = String(member(claims, 'iat'));
  bar.dataset.expires = String(member(claims, 'exp'));
  for (const row of document.querySelectorAll('[data-claim]')) {
    const value = member(claims, row.getAttribute('data-claim') ?? '');
    const place = row.querySelector('.value');
    if (place !== null && typeof value === 'number') place.textContent = toTime(value);
  }
  showTimeLeft();
}

/**
 * Says a duration as a clock does: `59:07`, `1:00:00`.
 * @param {number} seconds
 */
export function toClock(seconds) {
  const two = (/** @type {number} */ part) => String(part).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours === 0 ? minutes : `${hours}:${two(minutes)}`}:${two(Math.floor(seconds) % 60)}`;
}

// Numbers among the claims are times.
/** @param {number} seconds */
function toTime(seconds) {
  return `${seconds}, ${new Date(seconds * SECOND_MS).toISOString().slice(11, 19)} UTC`;
}

function find() {
  return /** @type {HTMLElement | null} */ (document.querySelector('.time-left'));
}

function showTimeLeft() {
  const place = find();
  const bar = place?.querySelector('progress');
  const text = place?.querySelector('[data-time-left]');
  if (!place || !bar || !text) return;
  const expires = Number(place.dataset.expires);
  const whole = Math.max(1, expires - Number(place.dataset.issued));
  const left = Math.max(0, expires - Date.now() / SECOND_MS);
  bar.max = whole;
  bar.value = left;
  text.textContent =
    left === 0 ? 'expired: the next request refreshes it' : `${toClock(left)} of ${toClock(whole)}`;
}
