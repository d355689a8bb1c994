// The login page as text: a flow for a template of one's own, or a whole document around it.
import { escapeHtml, toAttributes } from '../page/escape.js';
import { checkFlow } from '../page/flow-options.js';
import type { CheckedFlow, DescopeFlowOptions } from '../page/flow-options.js';
import { toFlowScript } from '../page/flow-script.js';
import { PAGE_STYLE } from '../page/page-style.js';
import { toStaticUrl } from '../page/places.js';

/**
 * Renders a Descope flow for any template engine: the web component and the script that hands its tokens to
 * `storeUrl`. The page around it needs a Content-Security-Policy with the same nonce. Throws `CONFIG_INVALID`.
 * @example renderDescopeFlow({ projectId, flowId: 'sign-up-or-in', baseUrl, nonce, scriptUrl: '/auth/descope-wc.js',
 *   storeUrl: '/auth/store_jwt', successRedirect: '/' })
 */
export function renderDescopeFlow(options: DescopeFlowOptions): string {
  return toFlow(checkFlow(options));
}

/** Renders a whole page around a flow; send it with {@link toLoginPageHeaders}. Throws `CONFIG_INVALID`. */
export function renderLoginPage(options: DescopeFlowOptions): string {
  const flow = checkFlow(options);
  const heading = escapeHtml(flow.texts.heading);
  // Descope's own screens have a heading of their own; a page without one is hard to find one's way in by ear.
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
    // A flow that has expired, or was changed meanwhile, begins anew.
    'restart-on-error': 'true',
  };
}
