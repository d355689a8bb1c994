// HTML that escapes whatever is put into it: a user of the emulator may be called `<script>`.

/** A piece of HTML. */
export class Html {
  constructor(readonly text: string) {}
}

/** What may stand in a template: strings are escaped, lists are joined, and nothing is shown for undefined and false. */
export type HtmlValue = Html | string | number | false | undefined | readonly HtmlValue[];

/** The empty piece. */
export const NOTHING = new Html('');

/** Writes a piece of HTML. Values stand in text, or in attributes with double quotes; never within a script or a style. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(parts.map((part, index) => part + toText(values[index])).join(''));
}

function toText(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escape(String(value));
  return value.map(toText).join('');
}

/** Escapes a text for elements and for attributes with quotes. */
function escape(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The URL of a link, if a browser may follow it; a caller chooses it, which may be `javascript:`. */
export function toSafeUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, href } = new URL(url);
  return protocol === 'http:' || protocol === 'https:' ? href : undefined;
}
