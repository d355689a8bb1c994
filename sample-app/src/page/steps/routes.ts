// Step: every route with what it demands, as the access map says, and a button to try it.
import type { AccessMapEntry } from 'nestjs-descope/inspect';
import { toDemandText } from '../demand.js';
import type { Html } from '../html.js';
import { html } from '../html.js';
import type { StartPage } from '../start-page.js';
import type { Step } from '../step.js';
import type { TryRow } from '../try-row.js';
import { renderTryRows } from '../try-row.js';

export function toRoutesStep({ accessMap }: StartPage): Step {
  const routes = accessMap.filter(({ kind }) => kind === 'http');
  const own = routes.filter((route) => !isFurniture(route)).flatMap(toRows);
  const others = routes.filter(isFurniture);
  return {
    id: 'routes',
    title: 'What each route demands',
    lead: html`The list is no copy: <code>describeAccess(app)</code> reads it from the running application.
      Press a row to call it with your session, if you have one.`,
    content: html`
      ${renderTryRows('Routes', own)}
      <div class="buttons"><button type="button" data-try-all>Try them all</button></div>
      <details>
        <summary>${others.length} more routes, of this page and of the module</summary>
        <ul class="plain">
          ${others.map(renderOther)}
        </ul>
      </details>
    `,
    code: `@Tenant({ from: 'param:tenantId' })
@Roles('admin', { tenant: true })
@Get('tenants/:tenantId/admin')
tenantAdmin(@CurrentTenant() tenant: string, @CurrentUser('username') username: string) {`,
  };
}

const FURNITURE = /^\/(?:$|assets\/|auth\/|calls$|embedded\/)/;

function isFurniture({ path }: AccessMapEntry): boolean {
  return FURNITURE.test(path);
}

// A route with a parameter is tried for each of these.
const EXAMPLES: readonly (readonly [parameter: string, values: readonly string[]])[] = [
  [':tenantId', ['acme', 'globex']],
];

function toRows(entry: AccessMapEntry): TryRow[] {
  const { method, path } = entry;
  const [parameter, values] = EXAMPLES.find(([name]) => path.includes(name)) ?? ['', ['']];
  return values.map((value) => {
    const text = parameter === '' ? path : path.replace(parameter, value);
    const body = method === 'POST' ? { body: { text: 'Hello' } } : {};
    return { label: method, text, demand: toDemandText(entry), request: { method, path: text, ...body } };
  });
}

function renderOther(entry: AccessMapEntry): Html {
  return html`<li>
    <span class="method">${entry.method}</span> <span class="path">${entry.path}</span>
    <span class="demand">${toDemandText(entry)}</span>
  </li>`;
}
