// The page's only script of its own: keeps tokens in memory, hands them to the application, says what happens.
import { randomBytes } from 'node:crypto';
import type { CheckedFlow } from './flow-options.js';

// It stands in the element that holds the flow, and runs before the web component's script is even asked for. Written
// for browsers as it is: nothing transpiles it.
const FLOW_SCRIPT = `function (page, hideCodes) {
  'use strict';
  var self = document.currentScript;
  var place = self.parentElement;
  var flow = place.querySelector('descope-wc');
  var status = place.querySelector('[role=status]');
  var alert = place.querySelector('[role=alert]');
  var again = place.querySelector('button');
  var forgetCodes = hideCodes();
  var isReady = false;

  function createMemory() {
    var items = new Map();
    return {
      get length() { return items.size; },
      key: function (index) { return Array.from(items.keys())[index] || null; },
      getItem: function (name) { return items.has(name) ? items.get(name) : null; },
      setItem: function (name, value) { items.set(name, String(value)); },
      removeItem: function (name) { items.delete(name); },
    };
  }

  function say(text) { status.textContent = text; status.hidden = text === ''; }
  function complain(text) { alert.textContent = text; alert.hidden = text === ''; }
  function settle() { clearTimeout(patience); forgetCodes(); say(''); complain(''); again.hidden = true; }
  function giveUp(text) {
    settle();
    flow.remove();
    complain(text);
    again.hidden = false;
    again.focus();
  }

  // After an error the component leaves its screen locked; to be told that a popup was closed unlocks it.
  function fail() {
    settle();
    complain(page.texts.failed);
    again.hidden = isReady;
    setTimeout(function () { flow.dispatchEvent(new CustomEvent('popupclosed')); }, 0);
  }

  // The component notes there, past customStorage, that and who somebody was signed in.
  function tidy() {
    try {
      localStorage.removeItem('DSLI');
      sessionStorage.removeItem('dls_last_submitted_login_id');
    } catch (error) { /* a browser without storage has nothing to tidy */ }
  }

  // In cookie mode both are empty, and Descope has set cookies instead.
  function toTokens(detail) {
    var tokens = {};
    if (detail && detail.sessionJwt) tokens.sessionJwt = detail.sessionJwt;
    if (detail && detail.refreshJwt) tokens.refreshJwt = detail.refreshJwt;
    return tokens;
  }

  function store(detail) {
    flow.remove();
    say(page.texts.finishing);
    fetch(page.storeUrl, {
      method: 'POST', credentials: 'same-origin', cache: 'no-store', redirect: 'error',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(toTokens(detail)),
    }).then(function (answer) {
      tidy();
      if (answer.ok) return location.replace(page.successRedirect);
      giveUp(answer.status < 500 ? page.texts.rejected : page.texts.unavailable);
    }, function () { tidy(); giveUp(page.texts.unavailable); });
  }

  // Screens of plain HTML have no Enter key of their own: it presses their first button.
  function onKey(event) {
    var field = event.composedPath()[0];
    if (event.key !== 'Enter' || event.isComposing || field.localName !== 'input') return;
    var button = flow.shadowRoot && flow.shadowRoot.querySelector('[data-type=button]:not([disabled])');
    if (button) button.click();
  }

  function followSystem() {
    var dark = matchMedia('(prefers-color-scheme: dark)');
    var tint = function () { flow.setAttribute('theme', dark.matches ? 'dark' : 'light'); };
    dark.addEventListener('change', tint);
    tint();
  }

  // A custom storage counts only if it is there before the component begins, and as its own property it would not.
  function begin() {
    customElements.upgrade(flow);
    flow.customStorage = createMemory();
    place.insertBefore(flow, status);
  }

  function load() {
    if (customElements.get('descope-wc')) { flow.customStorage = createMemory(); return; }
    var script = document.createElement('script');
    flow.remove();
    script.src = page.scriptUrl;
    script.nonce = self.nonce;
    script.referrerPolicy = 'no-referrer';
    if (page.integrity) { script.integrity = page.integrity; script.crossOrigin = 'anonymous'; }
    script.onerror = function () { giveUp(page.texts.unavailable); };
    customElements.whenDefined('descope-wc').then(begin);
    place.appendChild(script);
  }

  var patience = setTimeout(function () { giveUp(page.texts.unavailable); }, page.patienceMs);
  flow.addEventListener('ready', function () { isReady = true; settle(); });
  flow.addEventListener('page-updated', settle);
  flow.addEventListener('error', fail);
  flow.addEventListener('success', function (event) { settle(); store(event.detail); });
  again.addEventListener('click', function () { location.reload(); });
  if (page.isSystemTheme) followSystem();
  if (page.isStrict) {
    window.DescopeUI = window.DescopeUI || {};
    place.addEventListener('keydown', onKey);
  }
  say(page.texts.loading);
  load();
}`;

const PATIENCE_MS = 20_000;

/** The script of a flow, as it stands between script tags. */
export function toFlowScript(flow: CheckedFlow): string {
  const { loading, finishing, failed, rejected, unavailable } = flow.texts;
  const page = {
    scriptUrl: flow.scriptUrl,
    integrity: flow.integrity,
    storeUrl: flow.storeUrl,
    successRedirect: flow.successRedirect,
    isStrict: flow.mode === 'strict',
    isSystemTheme: flow.theme === 'os',
    patienceMs: PATIENCE_MS,
    texts: { loading, finishing, failed, rejected, unavailable },
  };
  return `(${FLOW_SCRIPT})(${toScriptJson(page)}, ${ADDRESS_SCRIPT});`;
}

// The part of the page's script that takes link and OAuth codes out of the address.

/** What the web component reads from the address, and takes out of it later than we want. */
const NAMES = [
  'descope-login-flow',
  't',
  'code',
  'err',
  'redirect_mode',
  'state_id',
  'saml_idp_state_id',
  'wsfed_idp_state_id',
  'saml_idp_username',
  'descope_idp_initiated',
  'sso_app_id',
  'custom_app_id',
  'third_party_app_id',
  'third_party_app_state_id',
  'application_scopes',
  'oidc_login_hint',
  'oidc_prompt',
  'oidc_error_redirect_uri',
  'oidc_resource',
];

/**
 * A function that takes the codes out of address and history, and gives back one that forgets them. In between, anyone who
 * asks for one of them in the query of this page's address is told it: the component finds them where it looks.
 */
export const ADDRESS_SCRIPT = `function () {
  var taken = new Map();
  var read = URLSearchParams.prototype.get;
  var url = new URL(location.href);
  ${JSON.stringify(NAMES)}.forEach(function (name) {
    if (!url.searchParams.has(name)) return;
    taken.set(name, url.searchParams.get(name));
    url.searchParams.delete(name);
  });
  if (taken.size === 0) return function () {};
  history.replaceState(history.state, '', url);
  URLSearchParams.prototype.get = function (name) {
    var value = read.call(this, name);
    if (value !== null || !taken.has(name)) return value;
    return this.toString() === new URLSearchParams(location.search).toString() ? taken.get(name) : null;
  };
  return function () {
    if (taken.size > 0) URLSearchParams.prototype.get = read;
    taken.clear();
  };
}`;

// Puts text into HTML and into scripts so that it stays text.

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Escapes text for HTML, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '');
}

/** Attributes as they stand in a tag, each with a blank before it; those without a value are left out. */
export function toAttributes(values: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(values)
    .map(([name, value]) => (value === undefined ? '' : ` ${name}="${escapeHtml(value)}"`))
    .join('');
}

/** A value as it may stand inside a script element: no markup can begin in it, and no line can end. */
export function toScriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A fresh nonce of 128 bits for one answer. */
export function createNonce(): string {
  return randomBytes(16).toString('base64');
}
