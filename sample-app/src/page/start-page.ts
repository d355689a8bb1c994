// The start page as a whole.
import type { DescopeSession } from 'nestjs-descope';
import { renderDocument } from './document.js';
import { html } from './html.js';
import { renderIdentity } from './identity.js';
import { renderRoutes } from './routes.js';
import { SCRIPT } from './script.js';
import { SESSION_SCRIPT } from './session-script.js';
import { renderDoor } from './sign-in.js';

export interface StartPage {
  readonly session: DescopeSession;
  readonly nonce: string;
  /** Whether one may sign in as a seeded person. */
  readonly isEmbedded: boolean;
}

export function renderStartPage({ session, nonce, isEmbedded }: StartPage): string {
  const content = html` <section class="card" aria-labelledby="who">
      ${session.user ? renderIdentity(session.user, session.expiresAt) : undefined}
      ${renderDoor(session, isEmbedded)}
    </section>
    <section class="card" aria-labelledby="try">${renderRoutes()}</section>`;
  return renderDocument({
    title: 'nestjs-descope sample app',
    source: isEmbedded ? 'Embedded Descope emulator' : 'Your Descope project',
    nonce,
    content,
    script: SCRIPT + SESSION_SCRIPT,
  });
}
