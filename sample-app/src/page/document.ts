// The document around a page: head, header and the place for what it says.
import type { Html } from './html.js';
import { html } from './html.js';

export interface Document {
  readonly title: string;
  /** Which Descope is used, in words. */
  readonly source: string;
  /** What stands beside the content, or above it on a small screen. */
  readonly navigation?: Html;
  readonly content: Html;
  /** The file in sample-app/public that runs in the browser. */
  readonly script?: string;
}

export function renderDocument({ title, source, navigation, content, script }: Document): string {
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="${ICON}" />
        <link rel="stylesheet" href="/assets/base.css" />
        <link rel="stylesheet" href="/assets/parts.css" />
        <link rel="stylesheet" href="/assets/calls.css" />
        ${script === undefined ? undefined : html`<script type="module" blocking="render" src="/assets/${script}"></script>`}
      </head>
      <body>
        <header>
          <a class="skip" href="#content">Skip to the content</a>
          <h1>nestjs-descope <span>sample app</span></h1>
          <p class="source">${source}</p>
        </header>
        <div class="columns">
          ${navigation}
          <main id="content" tabindex="-1">${content}</main>
        </div>
      </body>
    </html> `;
  return text;
}

const ICON =
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='4' fill='%230f766e'/><path d='M4.5 8.2l2.4 2.4 4.6-5' fill='none' stroke='white' stroke-width='1.8' stroke-linecap='round' stroke-linejoin='round'/></svg>";
