// The start page as a whole.
import type { DescopeSession } from 'nestjs-descope';
import { Html, html } from './html.js';
import { renderIdentity } from './identity.js';
import { renderRoutes } from './routes.js';
import { SCRIPT } from './script.js';
import { renderDoor } from './sign-in.js';
import { STYLE } from './style.js';

export interface StartPage {
  readonly session: DescopeSession;
  /** What allows this page's own style and script to run. */
  readonly nonce: string;
  /** Whether one may sign in as a seeded person. */
  readonly isEmbedded: boolean;
}

export function renderStartPage({ session, nonce, isEmbedded }: StartPage): string {
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>nestjs-descope sample app</title>
        <link rel="icon" href="${ICON}" />
        <style nonce="${nonce}">
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <header>
          <h1>nestjs-descope <span>sample app</span></h1>
          <p class="source">${isEmbedded ? 'Embedded Descope emulator' : 'Your Descope project'}</p>
        </header>
        <main>
          <section class="card" aria-labelledby="who">
            ${session.user ? renderIdentity(session.user, session.expiresAt) : undefined}
            ${renderDoor(session, isEmbedded)}
          </section>
          <section class="card" aria-labelledby="try">${renderRoutes()}</section>
        </main>
        <script nonce="${nonce}">
          ${new Html(SCRIPT)};
        </script>
      </body>
    </html> `;
  return text;
}

const ICON =
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='4' fill='%230f766e'/><path d='M4.5 8.2l2.4 2.4 4.6-5' fill='none' stroke='white' stroke-width='1.8' stroke-linecap='round' stroke-linejoin='round'/></svg>";
