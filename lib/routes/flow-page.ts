// The login page as HTML: a flow for a template of the application, or a whole document with its look, and where its parts come from.
import { randomBytes } from 'node:crypto';
import { FLOW_SCRIPT } from './browser/flow-script.js';
import type { FlowPage } from './browser/page.js';
import type { CheckedFlow, DescopeFlowOptions } from './flow-options.js';
import { checkFlow } from './flow-options.js';

/**
 * Renders a Descope flow for any template engine: the web component, and the script that posts its tokens to `storeUrl`.
 * The page around it needs a Content-Security-Policy with the same nonce.
 * @returns HTML, to be inserted without escaping
 * @throws {DescopeConfigError} CONFIG_INVALID with all mistakes at once
 * @see {@link https://docs.descope.com/getting-started/html | Descope's web component}
 * @example renderDescopeFlow({ projectId, flowId: 'sign-up-or-in', baseUrl, nonce, scriptUrl: '/auth/descope-wc.js',
 *   storeUrl: '/auth/store_jwt', successRedirect: '/' })
 */
export function renderDescopeFlow(options: DescopeFlowOptions): string {
  return toFlow(checkFlow(options));
}

/**
 * Renders a whole page around a flow; send it with {@link toLoginPageHeaders}.
 * @throws {DescopeConfigError} CONFIG_INVALID with all mistakes at once
 */
export function renderLoginPage(options: DescopeFlowOptions): string {
  const flow = checkFlow(options);
  const heading = escapeHtml(flow.texts.heading);
  // Descope's screens have a heading of their own; one in the document is for screen readers.
  const unseen = flow.mode === 'strict' ? '' : ' class="unseen"';
  return `<!doctype html>
<html${toAttributes({ lang: flow.locale ?? 'en', 'data-theme': flow.theme })}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${heading}</title>
<link rel="icon" href="data:,">
<style${toAttributes({ nonce: flow.nonce })}>${PAGE_STYLE}</style>
</head>
<body>
<main>
<h1${unseen}>${heading}</h1>
${toFlow(flow)}
</main>
</body>
</html>
`;
}

function toFlow(flow: CheckedFlow): string {
  const { again, noScript } = flow.texts;
  return `<div class="descope-flow">
<descope-wc${toAttributes(toComponentAttributes(flow))}></descope-wc>
<p role="status"></p>
<p role="alert" hidden></p>
<button type="button" hidden>${escapeHtml(again)}</button>
<noscript><p>${escapeHtml(noScript)}</p></noscript>
<script${toAttributes({ nonce: flow.nonce })}>${toFlowScript(flow)}</script>
</div>`;
}

function toComponentAttributes(flow: CheckedFlow): Readonly<Record<string, string | undefined>> {
  return {
    'project-id': flow.projectId,
    'flow-id': flow.flowId,
    'base-url': flow.baseUrl,
    'base-static-url': toStaticUrl(flow),
    'base-cdn-url': flow.baseCdnUrl,
    // The component follows the system only in part, and complains about the word; the script does it instead.
    theme: flow.theme === 'os' ? undefined : flow.theme,
    locale: flow.locale,
    tenant: flow.tenant,
    nonce: flow.nonce,
    // A flow that has expired, or was changed meanwhile, restarts.
    'restart-on-error': 'true',
  };
}

const PATIENCE_MS = 20_000;

// The browser's code has one export, startFlow, and runs before the web component's script is even requested.
function toFlowScript(flow: CheckedFlow): string {
  const { loading, finishing, failed, rejected, unavailable } = flow.texts;
  const page: FlowPage = {
    scriptUrl: flow.scriptUrl,
    integrity: flow.integrity,
    storeUrl: flow.storeUrl,
    successRedirect: flow.successRedirect,
    isStrict: flow.mode === 'strict',
    isSystemTheme: flow.theme === 'os',
    patienceMs: PATIENCE_MS,
    texts: { loading, finishing, failed, rejected, unavailable },
  };
  return `(function () {\n${FLOW_SCRIPT}\nbrowser.startFlow(${toScriptJson(page)});\n})();`;
}

/**
 * Builds the headers of the page that the same options render, with the same nonce: what it may load, and that it must not
 * be framed, sniffed or cached.
 * @returns the headers by name
 * @throws {DescopeConfigError} CONFIG_INVALID with all mistakes at once
 * @see {@link https://www.w3.org/TR/CSP3/ | Content Security Policy}
 */
export function toLoginPageHeaders(options: DescopeFlowOptions): Record<string, string> {
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': toContentSecurityPolicy(checkFlow(options)),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    // The address may carry a code until the page's script has taken it out.
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
  };
}

function toContentSecurityPolicy(flow: CheckedFlow): string {
  const statics = toStaticOrigins(flow);
  const cdn = toCdnOrigins(flow);
  const files = [...statics, ...cdn];
  const nonce = `'nonce-${flow.nonce}'`;
  // The UI library writes style elements without a nonce, and beside one 'unsafe-inline' would not count.
  const styles = flow.mode === 'strict' ? [nonce] : ["'unsafe-inline'"];
  return [
    toDirective('default-src', ["'none'"]),
    toDirective('script-src', ["'self'", nonce, ...cdn]),
    toDirective('style-src', ["'self'", ...styles]),
    toDirective('connect-src', ["'self'", new URL(flow.baseUrl).origin, ...files]),
    toDirective('img-src', ["'self'", 'data:', ...files]),
    toDirective('font-src', ["'self'", 'data:', ...files]),
    toDirective('form-action', ["'self'"]),
    toDirective('base-uri', ["'none'"]),
    toDirective('frame-ancestors', ["'none'"]),
  ].join('; ');
}

function toDirective(name: string, sources: readonly string[]): string {
  return `${name} ${[...new Set(sources)].join(' ')}`;
}

// How the login page looks around the flow: one quiet card, in the colours of the system.

const LIGHT =
  '--page: #eef1f4; --card: #ffffff; --ink: #1c2024; --faint: #5b6570; --line: #d9dee3; --act: #1f5fd0;';
const DARK =
  '--page: #0f1214; --card: #1a1e22; --ink: #e8eaed; --faint: #a7b0ba; --line: #2c3238; --act: #8ab4f8;';
const LIGHT_BAD = '--bad: #b3261e; --bad-back: #fdecea;';
const DARK_BAD = '--bad: #ffb4ab; --bad-back: #3b1512;';

/** The page's style sheet. */
export const PAGE_STYLE = `
:root { color-scheme: light; ${LIGHT} ${LIGHT_BAD} }
:root[data-theme="dark"] { color-scheme: dark; ${DARK} ${DARK_BAD} }
@media (prefers-color-scheme: dark) {
  :root[data-theme="os"] { color-scheme: dark; ${DARK} ${DARK_BAD} }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 24px 16px;
  background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { width: 100%; max-width: 400px; background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  padding: 32px; box-shadow: 0 1px 2px rgb(0 0 0 / 6%), 0 8px 24px rgb(0 0 0 / 6%); }
h1 { margin: 0 0 20px; font-size: 24px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.descope-flow { display: flex; flex-direction: column; gap: 20px; }
.descope-flow p { margin: 0; }
.descope-flow form:empty { display: none; }
.descope-flow [role="status"], .descope-flow noscript { color: var(--faint); }
.descope-flow [role="alert"] { color: var(--bad); background: var(--bad-back); border-radius: 8px; padding: 10px 12px; }
.descope-flow > button { font: inherit; font-weight: 600; color: var(--card); background: var(--act);
  border: 0; border-radius: 8px; padding: 11px 16px; width: 100%; cursor: pointer; }
.descope-flow > button:focus-visible { outline: 2px solid var(--act); outline-offset: 2px; }
.descope-flow [hidden] { display: none; }
@media (max-width: 480px) {
  body { place-items: start stretch; padding: 0; background: var(--card); }
  main { max-width: none; border: 0; border-radius: 0; box-shadow: none; padding: 40px 20px; }
}
`;

// Where a page's parts come from: the static files and the UI library of a flow.

const CLOUD_STATIC_ORIGINS = ['https://static.descope.com', 'https://static2.descope.com'];
const CLOUD_CDN_ORIGINS = ['https://descopecdn.com', 'https://static.descope.com'];

/** The options that are URLs. */
export type FlowHosts = Pick<CheckedFlow, 'baseUrl' | 'baseStaticUrl' | 'baseCdnUrl' | 'mode'>;

// The web component would go on to Descope's cloud when a base URL of one's own lacks a file.
/** The `base-static-url` to give the web component: none for Descope's cloud, where it knows the way. */
export function toStaticUrl({ baseUrl, baseStaticUrl }: FlowHosts): string | undefined {
  if (baseStaticUrl !== undefined) return baseStaticUrl;
  return isCloud(baseUrl) ? undefined : `${baseUrl.replace(/\/+$/, '')}/pages`;
}

/** The origins that screens and themes may come from. */
export function toStaticOrigins(places: FlowHosts): readonly string[] {
  const staticUrl = toStaticUrl(places);
  return staticUrl === undefined ? CLOUD_STATIC_ORIGINS : [new URL(staticUrl).origin];
}

/** The origins that the UI library may come from. */
export function toCdnOrigins({ baseCdnUrl, mode }: FlowHosts): readonly string[] {
  if (mode === 'strict') return [];
  return baseCdnUrl === undefined ? CLOUD_CDN_ORIGINS : [new URL(baseCdnUrl).origin];
}

function isCloud(baseUrl: string): boolean {
  return `.${new URL(baseUrl).hostname}`.endsWith('.descope.com');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

// Escapes text for HTML, between tags and in quoted attributes.
function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '');
}

// Attributes of a tag, each after a space; those without a value are left out.
function toAttributes(values: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(values)
    .map(([name, value]) => (value === undefined ? '' : ` ${name}="${escapeHtml(value)}"`))
    .join('');
}

// JSON for a script element: no markup can begin in it, and no line can end.
function toScriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Creates a nonce of 128 bits for the Content-Security-Policy of one response.
 * @returns base64
 */
export function createNonce(): string {
  return randomBytes(16).toString('base64');
}
