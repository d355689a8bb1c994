// Who may use the console: a browser that was given the token of the terminal, at a host that is the emulator's own.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { readCookies } from '../http/message.js';
import type { ProjectState } from '../project-state.js';

/** Checks whether a token is the one that the terminal prints. */
export function isConsoleToken(state: ProjectState, token: string): boolean {
  return isSame(toKey(token, 'token'), toKey(state.consoleToken, 'token'));
}

/** Checks whether a request carries the cookie of a browser that was given the token. */
export function isSignedIn(request: IncomingMessage, state: ProjectState): boolean {
  const cookie = readCookies(request.headers.cookie).get(toCookieName(request)) ?? '';
  return isSame(cookie, toCookieValue(request, state));
}

/** Writes the cookie, which is not the token itself, and which no other port of this machine accepts. */
export function toCookie(request: IncomingMessage, state: ProjectState, path: string): string {
  const secure = state.url.startsWith('https:') ? '; Secure' : '';
  const value = toCookieValue(request, state);
  return `${toCookieName(request)}=${value}; Path=${path}; HttpOnly; SameSite=Strict${secure}`;
}

/** The field that forms carry: a page of another site cannot know it. */
export function toFormToken(state: ProjectState): string {
  return toKey(state.consoleToken, 'form');
}

/** Checks the field of a form. */
export function isFormToken(state: ProjectState, given: string): boolean {
  return isSame(given, toFormToken(state));
}

/** Checks whether a request comes from a page of the emulator, or from no page at all. */
export function isOwnOrigin(request: IncomingMessage): boolean {
  const { origin, host = '' } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  // A form of a page with `no-referrer` has the origin `null`; the field of the form tells whose it is.
  if (origin === undefined || origin === 'null') return true;
  return origin === `http://${host}` || origin === `https://${host}`;
}

// Cookies know no ports: two emulators at one host need two names.
function toCookieName(request: IncomingMessage): string {
  return `emulator-console-${readHost(request)?.port || '80'}`;
}

function toCookieValue(request: IncomingMessage, state: ProjectState): string {
  return toKey(state.consoleToken, toCookieName(request));
}

function readHost({ headers }: IncomingMessage): URL | undefined {
  const host = headers.host ?? '';
  if (!/^[\w.:[\]-]+$/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  return new URL(`http://${host}`);
}

function toKey(token: string, purpose: string): string {
  return createHmac('sha256', token).update(`emulator console ${purpose}`).digest('base64url');
}

function isSame(given: string, wanted: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)];
  return left.length === right.length && timingSafeEqual(left, right);
}
