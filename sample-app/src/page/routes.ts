// The routes to try, one button each, and the place where answers appear.
import type { Html } from './html.js';
import { html } from './html.js';

interface TryableRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Whom it lets in. */
  readonly asks: string;
}

const ROUTES: readonly TryableRoute[] = [
  { method: 'GET', path: '/public', asks: 'anybody' },
  { method: 'GET', path: '/maybe', asks: 'anybody, signed in or not' },
  { method: 'GET', path: '/me', asks: 'any signed-in user' },
  { method: 'GET', path: '/reports', asks: 'permission reports:read' },
  { method: 'GET', path: '/admin', asks: 'role admin' },
  { method: 'GET', path: '/tenants/acme/admin', asks: 'role admin in the tenant acme' },
  { method: 'POST', path: '/notes', asks: 'any signed-in user, from this site' },
];

export function renderRoutes(): Html {
  return html` <h2 id="try">Try the routes</h2>
    <p class="muted">Called with your session cookie, if you have one.</p>
    <ul class="routes">
      ${ROUTES.map(renderRoute)}
    </ul>
    <p class="muted">
      There are orders, too: over GraphQL at <code>/graphql</code>, and over a WebSocket at
      <code>/live</code>. The terminal shows lines to paste.
    </p>
    <div class="answer" aria-live="polite">
      <p id="answer-line" class="muted">The answer will stand here.</p>
      <pre id="answer-body" tabindex="0" role="region" aria-label="Answer" hidden></pre>
    </div>
    <noscript
      ><p class="notice">
        These buttons need JavaScript. The terminal shows curl lines that do not.
      </p></noscript
    >`;
}

function renderRoute({ method, path, asks }: TryableRoute): Html {
  return html` <li>
    <button type="button" data-method="${method}" data-path="${path}">
      <span class="method">${method}</span>
      <span class="path">${path}</span>
      <span class="asks">${asks}</span>
      <span class="status"></span>
    </button>
  </li>`;
}
