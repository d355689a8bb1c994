// Step: the session token taken apart. The token itself is never part of the page.
import type { DescopeClaims } from 'nestjs-descope';
import type { ClaimView } from '../claims.js';
import { toClaimViews } from '../claims.js';
import type { Html } from '../html.js';
import { html } from '../html.js';
import type { StartPage } from '../start-page.js';
import type { Step } from '../step.js';

export function toTokenStep({ session }: StartPage): Step {
  const { token, claims } = session;
  return {
    id: 'token',
    title: 'The token, taken apart',
    lead: html`A session token is a signed JWT. The guard checks signature, issuer, kind and time of each one.
    With the project’s public keys at hand, that needs no call to Descope.`,
    content: token && claims ? renderToken(token, claims) : html`<p class="muted">Sign in to see one.</p>`,
    code: `show(@CurrentSession() session: DescopeSession): string {`,
  };
}

function renderToken(token: string, claims: DescopeClaims): Html {
  const { alg, kid } = readHeader(token);
  return html`
    ${renderTimeLeft(claims.iat ?? claims.exp, claims.exp)}
    <dl class="parts">
      <div>
        <dt>Header</dt>
        <dd>signed with <code>${alg}</code> by the key <code>${kid}</code></dd>
      </div>
      <div>
        <dt>Claims</dt>
        <dd>${Object.keys(claims).length}, listed below</dd>
      </div>
      <div>
        <dt>Signature</dt>
        <dd>verified: nobody has changed the two parts before it</dd>
      </div>
    </dl>
    <dl class="claims">${toClaimViews(claims).map(renderClaim)}</dl>
  `;
}

/** How long the session token lasts, as a bar; the script moves it. */
function renderTimeLeft(issued: number, expires: number): Html {
  return html`<div class="time-left" data-issued="${issued}" data-expires="${expires}">
    <div class="bar">
      <span id="time-left-label">Time left</span>
      <span class="muted" data-time-left></span>
    </div>
    <progress max="1" value="1" aria-labelledby="time-left-label"></progress>
  </div>`;
}

function renderClaim({ name, value, meaning }: ClaimView): Html {
  return html`<div data-claim="${name}">
    <dt><code>${name}</code></dt>
    <dd class="value">${value}</dd>
    <dd class="meaning">${meaning}</dd>
  </div>`;
}

function readHeader(token: string): { readonly alg: string; readonly kid: string } {
  const [part = ''] = token.split('.', 1);
  const { alg, kid } = JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  return { alg: String(alg), kid: String(kid) };
}
