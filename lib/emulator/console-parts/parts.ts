// The parts that pages are made of: fields of forms, records, facts and texts to copy.
import type { EmulatorClock } from '../controls/clock.js';
import type { Html, HtmlValue } from './html.js';
import { html } from './html.js';

/** A field of a form. */
interface Field {
  readonly name: string;
  readonly label: string;
  readonly value?: string;
  readonly hint?: HtmlValue;
  readonly required?: boolean;
  readonly type?: 'text' | 'number' | 'url' | 'search' | 'datetime-local';
  readonly placeholder?: string;
  /** The id of a list of suggestions. */
  readonly list?: string;
}

/** Writes a field of one line. */
export function toField(field: Field): Html {
  const { name, label, value = '', hint, type = 'text' } = field;
  return html`<label
    ><span>${label}</span>
    <input
      type="${type}"
      name="${name}"
      value="${value}"
      ${toAttributes(field)}
      autocomplete="off"
      spellcheck="false"
    />${toHint(hint)}</label
  >`;
}

function toAttributes({ required, list, placeholder, type }: Field): Html {
  return html`${required && html` required`}${list !== undefined && html` list="${list}"`}
  ${placeholder !== undefined && html` placeholder="${placeholder}"`}${type === 'datetime-local' && html` step="1"`}`;
}

/** Writes a field of several lines. */
export function toArea({ name, label, value = '', hint, required }: Field): Html {
  return html`<label
    ><span>${label}</span>
    <textarea name="${name}" rows="4" ${required && html` required`} autocomplete="off" spellcheck="false">
${value}</textarea
    >${toHint(hint)}</label
  >`;
}

/** A choice of a field. */
export type Choice = readonly [value: string, label: string];

/** Writes a field of choices. */
export function toSelect({ name, label, value = '', hint }: Field, choices: readonly Choice[]): Html {
  const options = choices.map(
    ([choice, text]) =>
      html`<option value="${choice}" ${choice === value && html` selected`}>${text}</option>`,
  );
  return html`<label
    ><span>${label}</span>
    <select name="${name}">
      ${options}</select
    >${toHint(hint)}</label
  >`;
}

/** Writes a box to check. */
export function toCheckbox(name: string, label: string, isChecked = false): Html {
  return html`<label class="check"
    ><input type="checkbox" name="${name}" value="on" ${isChecked && html` checked`} />
    <span>${label}</span></label
  >`;
}

/** Writes a part of a page that is opened first. */
export function toDisclosure(label: string, content: HtmlValue, isOpen = false): Html {
  return html`<details${isOpen && html` open`}><summary>${label}</summary>
<div class="inner">${content}</div></details>`;
}

/** Writes names with their values; one without a value is left out. */
export function toFacts(facts: readonly (readonly [name: string, value: HtmlValue])[]): Html {
  const shown = facts.filter(([, value]) => value !== undefined && value !== '' && value !== false);
  return html`<dl>
    ${shown.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** Writes a text to copy; the button comes with the script. */
export function toCopy(label: string, text: string): Html {
  return html`<div class="copy">
    <input readonly aria-label="${label}" value="${text}" /><button
      type="button"
      class="second"
      data-copy
      hidden
    >
      Copy<span class="visually-hidden"> ${label}</span>
    </button>
  </div>`;
}

/** Writes records as a list, or says that there are none. */
export function toRecords(records: readonly HtmlValue[], whenNone: HtmlValue): Html {
  if (records.length === 0) return html`<p class="none">${whenNone}</p>`;
  return html`<ul class="records">
    ${records.map((record) => html`<li>${record}</li>`)}
  </ul>`;
}

/** Writes short marks, such as the roles of a user. */
export function toMarks(names: readonly HtmlValue[], kind = ''): Html {
  return html`${names.map((name) => html`<span class="mark ${kind}">${name}</span> `)}`;
}

/** Writes a moment. */
export function toTime(ms: number): Html {
  const moment = toIso(ms);
  return html`<time datetime="${moment}">${moment.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</time>`;
}

/** Writes a moment in seconds, and how far away it is by the emulator's clock. */
export function toMoment(seconds: number, clock: EmulatorClock): Html {
  return html`${toTime(seconds * 1000)}
    <span class="muted">(${toDistance(seconds - clock.nowSeconds())})</span>`;
}

/** How far away a moment is, in words. */
export function toDistance(seconds: number): string {
  if (seconds === 0) return 'now';
  const [size, unit] = UNITS.find(([least]) => Math.abs(seconds) >= least) ?? [1, 'second'];
  const count = Math.round(Math.abs(seconds) / size);
  const words = `${count} ${unit}${count === 1 ? '' : 's'}`;
  return seconds < 0 ? `${words} ago` : `in ${words}`;
}

const UNITS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;

// A clock may be set beyond what a date can hold.
function toIso(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? 'no date' : date.toISOString();
}

function toHint(hint: HtmlValue): Html {
  return hint === undefined ? html`` : html`<small class="hint">${hint}</small>`;
}
