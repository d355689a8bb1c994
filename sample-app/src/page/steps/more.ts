// Step: what else there is to open, and lines for a terminal.
import { toFirstLines } from '../../start/curl-lines.js';
import { html } from '../html.js';
import type { StartPage } from '../start-page.js';
import type { Step } from '../step.js';

export function toMoreStep({ isEmbedded, url }: StartPage): Step {
  const outbox = html`<li>
    <a href="/embedded/outbox">Outbox</a>
    <span class="muted">the e-mails that the embedded Descope did not send</span>
  </li>`;
  return {
    id: 'more',
    title: 'And from here',
    lead: html`The same application, from other sides.`,
    content: html`
      <ul class="links">
        <li>
          <a href="/docs">Swagger UI</a>
          <span class="muted">security and rejections of each operation come from the access map</span>
        </li>
        ${isEmbedded ? outbox : undefined}
        <li><a href="/calls">Lines to paste</a> <span class="muted">calls for a terminal</span></li>
      </ul>
      <pre
        tabindex="0"
        role="region"
        aria-label="Lines for a terminal"
      ><code>${toLines(url, isEmbedded)}</code></pre>
    `,
    code: `const toDocument = () => applyDescopeSecurity(SwaggerModule.createDocument(app, outline), app);
SwaggerModule.setup(PATH, app, toDocument);`,
  };
}

function toLines(url: string, isEmbedded: boolean): string {
  return toFirstLines(url, isEmbedded)
    .map(({ line, comment }) => `${line} ${comment}`.trimEnd())
    .join('\n');
}
