// The pages of what went over the network: requests as they come, and the deliveries of webhooks.
import type { Html } from '../console-parts/html.js';
import { html } from '../console-parts/html.js';
import type { LiveRow } from '../console-parts/live.js';
import type { ConsolePage, Desk } from '../console-parts/page.js';
import { toButton, toPath } from '../console-parts/page.js';
import { toDisclosure, toMarks, toRecords, toTime } from '../console-parts/parts.js';
import type { LoggedRequest } from '../controls/recorders.js';
import { DescopeError } from '../errors.js';
import type { WebhookDelivery } from '../webhooks/delivery-queue.js';
import { toMessageRow } from './outbox.js';

const MAX_SHOWN = 200;

/** The page of requests. */
export const requestsPage: ConsolePage = {
  name: 'requests',
  title: 'Requests',
  lead: 'What applications and browsers have asked the emulator for, the latest first; never bodies or credentials.',
  draw: (desk) => {
    const shown = desk.state.requests.all.slice(-MAX_SHOWN).reverse();
    return html`<p id="live" class="muted">Reload the page for new ones.</p>
      ${shown.length === 0 && html`<p class="none" data-none>No request has come yet. Start your application, and call it with a token.</p>`}
      <ol class="rows" reversed data-live="${toPath(desk, 'requests/live')}">
        ${shown.map((entry) => toRequestRow(entry).row)}
      </ol>
      ${shown.length > 0 && toButton(desk, { page: 'requests', action: 'clear' }, 'Forget all requests')}`;
  },
  actions: {
    clear: (_form, { state }) => {
      state.requests.clear();
      return { notice: html`<p>The requests are forgotten.</p>` };
    },
  },
};

/** The page of webhooks. */
export const webhooksPage: ConsolePage = {
  name: 'webhooks',
  title: 'Webhooks',
  lead: 'The audit events that were sent to webhooks, the latest first.',
  draw: (desk) => {
    const { deliveries } = desk.state.webhooks;
    const shown = deliveries
      .map((delivery, index) => ({ delivery, index }))
      .slice(-MAX_SHOWN)
      .reverse();
    const whenNone = html`Nothing was sent. Name a webhook with <code>--webhook</code>, or in the seed.`;
    return toRecords(
      shown.map(({ delivery, index }) => toDelivery(desk, delivery, index)),
      whenNone,
    );
  },
  actions: {
    send: (form, { state }) => {
      const index = form.number('index') ?? -1;
      if (!state.webhooks.deliveries[index])
        throw new DescopeError('invalidArguments', 'The delivery is no longer there');
      state.webhooks.redeliver(index);
      return { notice: html`<p>It is sent once more, with the same body and signature.</p>` };
    },
  },
};

type RowSource = (desk: Desk, send: (row: LiveRow) => void) => () => void;

/** Rows that come while a page is open, by the path of their stream. */
export const LIVE_ROWS: ReadonlyMap<string, RowSource> = new Map([
  ['requests/live', ({ state }, send) => state.requests.watch((entry) => send(toRequestRow(entry)))],
  ['outbox/live', (desk, send) => desk.state.outbox.watch((message) => send(toMessageRow(desk, message)))],
] satisfies [string, RowSource][]);

function toRequestRow(entry: LoggedRequest): LiveRow {
  const { method, path, status, durationMs, atMs, ignored = [] } = entry;
  const id = `request-${idOf(entry)}`;
  const row = html`<li id="${id}">
    <span class="code ${toTone(status)}"
      >${status ?? '…'}<span class="visually-hidden">
        ${status === undefined ? 'no response yet' : ''}</span
      ></span
    >
    <span class="path"><b>${method}</b> ${path}</span>
    <span class="muted"
      >${durationMs !== undefined && html`${Math.max(0, Math.round(durationMs))} ms, `}${toTime(atMs)}</span
    >

    ${ignored.length > 0 && html`<span class="wide warn">Ignored: ${ignored.join(', ')}</span>`}
  </li>`;
  return { id, row };
}

function toTone(status: number | undefined): string {
  if (status === undefined) return 'muted';
  if (status >= 500) return 'error';
  return status >= 400 ? 'warn' : 'good';
}

// Requests have no id of their own.
const ids = new WeakMap<LoggedRequest, number>();
let lastId = 0;

function idOf(entry: LoggedRequest): number {
  const id = ids.get(entry) ?? (lastId += 1);
  ids.set(entry, id);
  return id;
}

function toDelivery(desk: Desk, delivery: WebhookDelivery, index: number): Html {
  const { action, url, state, status, attempts, body } = delivery;
  const kind = state === 'failed' ? 'bad' : state === 'delivered' ? 'fine' : '';
  return html`<h2>${action}</h2>
    <p>
      ${toMarks([state], kind)}${status !== undefined && toMarks([`status ${status}`])}
      ${attempts === 1 ? '1 attempt' : `${attempts} attempts`}
    </p>
    <p><code>${url}</code></p>
    ${toDisclosure('Body', html`<pre>${body}</pre>`)}
    ${toButton(desk, { page: 'webhooks', action: 'send', about: { index: String(index) } }, html`Send it again<span class="visually-hidden">: ${action}</span>`)}`;
}
