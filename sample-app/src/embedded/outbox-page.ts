// The outbox as a page: the newest code first, large enough to read from another tab.
import type { OutboxMessage } from 'nestjs-descope/emulator';
import { renderDocument } from '../page/document.js';
import type { Html } from '../page/html.js';
import { html } from '../page/html.js';

export function renderOutboxPage(messages: readonly OutboxMessage[]): string {
  const content = html` <section class="card outbox" aria-labelledby="outbox">
    <h2 id="outbox">Outbox</h2>
    <p class="muted">What the emulator would have mailed, newest first. This page looks again by itself.</p>
    ${
      messages.length === 0
        ? NOTHING
        : html`<ol>
            ${messages.map(renderMessage)}
          </ol>`
    }
  </section>`;
  return renderDocument({ title: 'Outbox', source: 'Embedded Descope emulator', content });
}

function renderMessage({ loginId, code, link, atMs }: OutboxMessage): Html {
  const time = new Date(atMs).toISOString();
  return html` <li>
    <p class="muted">To ${loginId}, <time datetime="${time}">${time.slice(11, 19)} UTC</time></p>
    ${code === undefined ? undefined : html`<p class="code">${code}</p>`}
    ${link === undefined ? undefined : html`<p><a href="${link}">Sign in by this link</a></p>`}
  </li>`;
}

const NOTHING = html`<p class="nothing">Nothing yet. Ask for a code on the sign-in page.</p>`;
