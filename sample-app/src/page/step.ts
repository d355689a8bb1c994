// One step of the tour: a numbered section with a lead, its content, and the lines of code behind it.
import type { Html } from './html.js';
import { html } from './html.js';

export interface Step {
  readonly id: string;
  readonly title: string;
  readonly lead: Html;
  readonly content: Html;
  /** What a program writes for it, as it stands in the sources of the sample app. */
  readonly code?: string;
}

export function renderStep({ id, title, lead, content, code }: Step, index: number): Html {
  return html`
    <section class="card" id="${id}" aria-labelledby="${id}-title">
      <h2 id="${id}-title"><span class="number" aria-hidden="true">${index + 1}</span>${title}</h2>
      <p class="lead">${lead}</p>
      ${content} ${code === undefined ? undefined : renderCode(code, title)}
    </section>
  `;
}

/** The steps by number and name; each is a link to its section. */
export function renderNavigation(steps: readonly Step[]): Html {
  return html`<nav aria-label="Steps">
    <ol>
      ${steps.map(
        ({ id, title }, index) =>
          html`<li>
            <a href="#${id}"><span class="number" aria-hidden="true">${index + 1}</span>${title}</a>
          </li>`,
      )}
    </ol>
  </nav>`;
}

// No line break between the tags: within <pre> it would be shown.
function renderCode(code: string, title: string): Html {
  return html`<details class="code">
    <summary>In the code</summary>
    <pre tabindex="0" role="region" aria-label="Code: ${title}"><code>${code}</code></pre>
  </details>`;
}
