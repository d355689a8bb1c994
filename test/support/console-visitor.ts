// Somebody who uses the emulator's console without a browser: keeps the cookie, and sends the forms that a page holds.
import type { Emulator } from 'nestjs-descope/emulator';
import { CookieJar } from './cookie-jar.js';

/** A page as it arrived. */
export interface ConsoleAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** The values of all fields to copy, by their labels. */
  readonly copied: ReadonlyMap<string, string>;
}

type Fields = Readonly<Record<string, string | readonly string[]>>;

/** Uses a console. */
export class ConsoleVisitor {
  readonly #jar = new CookieJar();

  constructor(private readonly emulator: Emulator) {}

  /** The header lines that a browser with the cookie sends. */
  get headers(): Record<string, string> {
    return this.#jar.headers;
  }

  /** Opens the address of the terminal. */
  async enter(): Promise<this> {
    const response = await fetch(this.emulator.consoleUrl, { redirect: 'manual' });
    this.#jar.take(response.headers);
    return this;
  }

  /** Opens a page. */
  async open(path: string, init: RequestInit = {}): Promise<ConsoleAnswer> {
    const headers = { ...this.headers, accept: 'text/html', ...(init.headers as Record<string, string>) };
    const response = await fetch(`${this.emulator.url}${path}`, { redirect: 'manual', ...init, headers });
    const text = await response.text();
    return { status: response.status, text, headers: response.headers, copied: readCopied(text) };
  }

  /** Sends a form of a page: the first one with this action whose hidden fields have these values. */
  async send(page: string, action: string, fields: Fields = {}, about: Fields = {}): Promise<ConsoleAnswer> {
    const path = `/emulator/${page}`;
    const { text } = await this.open(path);
    const form = readForms(text).find(
      (one) =>
        one.action === `${path.split('?', 1)[0]}/${action}` &&
        Object.entries(about).every(([name, value]) => one.hidden.get(name) === value),
    );
    if (!form) throw new Error(`${path} has no form ${action} about ${JSON.stringify(about)}:\n${text}`);
    const body = new URLSearchParams([...form.hidden]);
    for (const [name, value] of Object.entries(fields))
      for (const one of [value].flat()) body.append(name, one);
    const answer = await this.open(form.action, { method: 'POST', body });
    return answer.status === 303 ? this.open(answer.headers.get('location') ?? '') : answer;
  }
}

interface FoundForm {
  readonly action: string;
  readonly hidden: ReadonlyMap<string, string>;
}

function readForms(text: string): readonly FoundForm[] {
  return [...text.matchAll(/<form method="post" action="([^"]+)">([^]*?)<\/form>/g)].map(
    ([, action = '', content = '']) => ({
      action: unescape(action),
      hidden: new Map(
        [...content.matchAll(/<input\s+type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"/g)].map(
          ([, name = '', value = '']) => [name, unescape(value)],
        ),
      ),
    }),
  );
}

function readCopied(text: string): ReadonlyMap<string, string> {
  const fields = text.matchAll(/<input\s+readonly\s+aria-label="([^"]*)"\s+value="([^"]*)"/g);
  return new Map([...fields].map(([, label = '', value = '']) => [unescape(label), unescape(value)]));
}

function unescape(text: string): string {
  return text.replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)));
}
