// The document around a page: head, header and the place for what it says.
import { Html, html } from './html.js';
import { STYLE } from './style.js';

export interface Document {
  readonly title: string;
  /** Which Descope is used, in words. */
  readonly source: string;
  readonly nonce: string;
  readonly content: Html;
  /** What runs in the browser. */
  readonly script?: string;
}

export function renderDocument({ title, source, nonce, content, script }: Document): string {
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="${ICON}" />
        <style nonce="${nonce}">
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <header>
          <h1>nestjs-descope <span>sample app</span></h1>
          <p class="source">${source}</p>
        </header>
        <main>${content}</main>
        ${script === undefined ? undefined : renderScript(script, nonce)}
      </body>
    </html> `;
  return text;
}

function renderScript(script: string, nonce: string): Html {
  return html`<script nonce="${nonce}">
    ${new Html(script)};
  </script>`;
}

const ICON =
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='4' fill='%230f766e'/><path d='M4.5 8.2l2.4 2.4 4.6-5' fill='none' stroke='white' stroke-width='1.8' stroke-linecap='round' stroke-linejoin='round'/></svg>";
