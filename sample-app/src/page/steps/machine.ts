// Step: a machine that calls with its access key.
import type { Html } from '../html.js';
import { html } from '../html.js';
import type { StartPage } from '../start-page.js';
import type { Step } from '../step.js';
import type { TryRow } from '../try-row.js';
import { renderTryRows } from '../try-row.js';

export function toMachineStep({ isEmbedded, url }: StartPage): Step {
  return {
    id: 'machine',
    title: 'A machine with an access key',
    lead: html`A program sends its access key itself, in the header <code>X-Api-Key</code>. The application
      exchanges it once for a session, and then asks the same of it as of a person.`,
    content: isEmbedded ? renderTryRows('Calls of the machine', ROWS) : renderLine(url),
    code: `accessKeys: { header: 'x-api-key' },`,
  };
}

const ROWS: readonly TryRow[] = [
  toRow('/me', 'any signed-in user'),
  toRow('/reports', 'permission reports:read, which the machine has'),
  toRow('/admin', 'role admin, which it has not'),
];

function toRow(path: string, demand: string): TryRow {
  return { label: 'key', text: path, demand, request: { method: 'GET', path, credential: 'access-key' } };
}

function renderLine(url: string): Html {
  return html`<pre
    tabindex="0"
    role="region"
    aria-label="Call of a machine"
  ><code>curl -i -H "X-Api-Key: $ACCESS_KEY" ${url}/me</code></pre>`;
}
