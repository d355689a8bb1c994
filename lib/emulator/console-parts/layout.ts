// The frame around every page of the console, and the headers that keep other pages away from it.
import { randomBytes } from 'node:crypto';
import type { RouteResponse } from '../http/message.js';
import type { Html, HtmlValue } from './html.js';
import { Html as Piece, html } from './html.js';
import type { ConsolePage } from './page.js';
import { toPath } from './page.js';
import { SCRIPT } from './script.js';
import { STYLE } from './style.js';

/** What a document shows. */
interface Document {
  readonly title: string;
  readonly lead?: HtmlValue;
  readonly notice?: HtmlValue;
  /** What was wrong with a form. */
  readonly mistake?: string | undefined;
  readonly content: HtmlValue;
}

/** The navigation of a document. */
interface Navigation {
  readonly root: string;
  readonly pages: readonly ConsolePage[];
  readonly current: string;
  /** What the head line says about the project. */
  readonly project: HtmlValue;
}

/** Writes a page with the navigation. */
export function toPage(document: Document, navigation: Navigation, status = 200): RouteResponse {
  const { pages, root, current, project } = navigation;
  const links = pages
    .filter(({ below }) => below === undefined)
    .map(
      ({ name, title }) =>
        html`<li>
          <a href="${toPath({ root }, name)}" ${name === current && html` aria-current="page"`}>${title}</a>
        </li>`,
    );
  return toResponse(
    document.title,
    status,
    html`<a class="skip" href="#main">Skip to the content</a>
      <header class="bar"><strong>Descope emulator</strong><span>${project}</span></header>
      <div class="frame">
        <nav aria-label="Console">
          <ul>
            ${links}
          </ul>
        </nav>
        <main id="main" tabindex="-1">${toContent(document)}</main>
      </div>`,
  );
}

/** Writes a page without the navigation, for somebody who is not signed in. */
export function toBarePage(document: Document, status: number): RouteResponse {
  return toResponse(
    document.title,
    status,
    html`<header class="bar"><strong>Descope emulator</strong></header>
      <main id="main">${toContent(document)}</main>`,
  );
}

/** The headers of every response of the console: no CORS, no cache, no frame. */
export const PLAIN_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

function toContent({ title, lead, notice, mistake, content }: Document): Html {
  return html`<h1>${title}</h1>
    ${lead !== undefined && html`<p class="lead">${lead}</p>`}
    ${notice !== undefined && html`<div class="notice" role="status">${notice}</div>`}
    ${
      mistake !== undefined &&
      html`<div class="notice bad" role="alert">
        <p><strong>Not done.</strong> ${mistake}</p>
      </div>`
    }
    ${content}
    <p id="said" class="visually-hidden" role="status"></p>`;
}

function toResponse(title: string, status: number, body: Html): RouteResponse {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    'img-src data:',
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="data:," />
        <title>${title} – Descope emulator</title>
        <style nonce="${nonce}">
          ${new Piece(STYLE)}
        </style>
      </head>
      <body>
        ${body}
        <script nonce="${nonce}">
          ${new Piece(SCRIPT)};
        </script>
      </body>
    </html> `;
  const headers = {
    ...PLAIN_HEADERS,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
  };
  return { status, headers, body: page.text };
}
