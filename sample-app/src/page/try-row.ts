// A call that the page makes at a press: what it is, what it demands, and where its result appears.
import type { Html } from './html.js';
import { html } from './html.js';

export interface TryRow {
  /** What stands first: an HTTP method, or `query`. */
  readonly label: string;
  readonly text: string;
  readonly demand: string;
  readonly request: TryRequest;
}

/** The request of a row. */
export interface TryRequest {
  readonly method: string;
  readonly path: string;
  /** What is posted, as JSON. */
  readonly body?: object;
  /** What it is sent with. Default: the cookie of the page. */
  readonly credential?: 'access-key' | 'none';
}

export function renderTryRows(name: string, rows: readonly TryRow[]): Html {
  return html`<ul class="rows" aria-label="${name}">
    ${rows.map(renderTryRow)}
  </ul>`;
}

function renderTryRow({ label, text, demand, request }: TryRow): Html {
  return html` <li>
    <button type="button" class="row" data-request="${JSON.stringify(request)}">
      <span class="method">${label}</span>
      <span class="path">${text}</span>
      <span class="demand">${demand}</span>
      <span class="result"></span>
    </button>
  </li>`;
}
