// The page of the outbox: the codes and links that Descope would have sent, as they come.
import type { Html } from '../console-parts/html.js';
import { html, toSafeUrl } from '../console-parts/html.js';
import type { LiveRow } from '../console-parts/live.js';
import type { Action, ConsolePage, Desk } from '../console-parts/page.js';
import { toButton, toPath } from '../console-parts/page.js';
import { toCopy, toMarks, toTime } from '../console-parts/parts.js';
import { toSessionNotice } from '../console-parts/session-notice.js';
import type { OutboxMessage } from '../controls/recorders.js';
import { DescopeError } from '../errors.js';

const MAX_SHOWN = 200;

/** The page of the outbox. */
export const outboxPage: ConsolePage = {
  name: 'outbox',
  title: 'Outbox',
  lead: 'The codes and links that Descope would send by mail or phone, the latest first.',
  draw: (desk) => {
    const shown = desk.state.outbox.all.slice(-MAX_SHOWN).reverse();
    return html`<p id="live" class="muted">Reload the page for new ones.</p>
      ${shown.length === 0 && html`<p class="none" data-none>Nothing was sent yet. Start a sign-in with a code or a link, and it appears here.</p>`}
      <ul class="records" data-live="${toPath(desk, 'outbox/live')}">
        ${shown.map((message) => toMessageRow(desk, message).row)}
      </ul>
      ${shown.length > 0 && toButton(desk, { page: 'outbox', action: 'clear' }, 'Empty the outbox')}`;
  },
  actions: {
    use: (form, desk) => use(form, desk),
    clear: (_form, { state }) => {
      state.outbox.clear();
      return { notice: html`<p>The outbox is empty.</p>` };
    },
  },
};

// What the page behind the link would do, where the application has none.
const use: Action = async (form, desk) => {
  const token = form.text('token');
  const message = desk.state.outbox.all.find((one) => one.token === token && token !== '');
  if (!message) throw new DescopeError('invalidArguments', 'The message is no longer there');
  if (message.linkId !== undefined) {
    await desk.manage('POST /v1/auth/enchantedlink/verify', { token });
    return { notice: html`<p>The link was confirmed. The browser that waits for it is signed in.</p>` };
  }
  const { sessionJwt, refreshJwt } = await desk.manage('POST /v1/auth/magiclink/verify', { token });
  if (typeof sessionJwt !== 'string' || sessionJwt === '') {
    return { notice: html`<p>The link was used. This project puts tokens in cookies only.</p>` };
  }
  return { notice: toSessionNotice(desk, { sessionJwt, refreshJwt: String(refreshJwt) }) };
};

/** Writes a message. */
export function toMessageRow(desk: Desk, message: OutboxMessage): LiveRow {
  const { loginId, deliveryMethod, code, link, linkId, atMs } = message;
  const id = `message-${idOf(message)}`;
  const row = html`<li id="${id}">
    <h2>${loginId}</h2>
    <p>
      ${toMarks([deliveryMethod])}${linkId !== undefined && toMarks([`number ${linkId}`])} ${toTime(atMs)}
    </p>
    ${code !== undefined && toCopy(`Code for ${loginId}`, code)}
    ${link !== undefined && toLink(desk, message, link)}
  </li>`;
  return { id, row };
}

function toLink(desk: Desk, { loginId, linkId, token }: OutboxMessage, link: string): Html {
  const url = toSafeUrl(link);
  const isOwn = link.startsWith(`${desk.state.url}/`); // where the emulator has no page
  const label = linkId === undefined ? 'Sign in with the link' : 'Confirm the link';
  const anchor =
    url !== undefined &&
    !isOwn &&
    html`<p><a href="${url}" target="_blank" rel="noopener noreferrer">${link}</a></p>`;
  return html`${anchor} ${toCopy(`Link for ${loginId}`, link)}
  ${token !== undefined && toButton(desk, { page: 'outbox', action: 'use', about: { token } }, html`${label}<span class="visually-hidden"> of ${loginId}</span>`)}`;
}

// Messages have no id of their own.
const ids = new WeakMap<OutboxMessage, number>();
let lastId = 0;

function idOf(message: OutboxMessage): number {
  const id = ids.get(message) ?? (lastId += 1);
  ids.set(message, id);
  return id;
}
