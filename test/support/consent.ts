// A person at the emulator's consent page, without a browser: reads the form, and submits it.
import { CookieJar } from './cookie-jar.js';

/** A consent page that was opened, or the response that came instead. */
export interface ConsentPage {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** Where it redirects to, if it does. */
  readonly location: URL | undefined;
  readonly url: URL;
  readonly jar: CookieJar;
}

/** Opens an authorization URL. */
export async function openConsent(url: string | URL, jar = new CookieJar()): Promise<ConsentPage> {
  return toPage(new URL(url), await fetch(url, { redirect: 'manual', headers: jar.headers }), jar);
}

/** What a person does on a consent page. */
export interface Answer {
  readonly loginId?: string;
  readonly decision?: 'allow' | 'deny';
  /** Headers that a browser would send, and others that it would not. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Submits the form of a consent page. */
export async function submitConsent(page: ConsentPage, answer: Answer = {}): Promise<ConsentPage> {
  const action = /<form method="post" action="([^"]+)">/.exec(page.html)?.[1] ?? '';
  const { loginId = readInput(page.html, 'loginId') || readSuggestion(page.html), decision = 'allow' } =
    answer;
  const body = new URLSearchParams({ ticket: readInput(page.html, 'ticket'), loginId, decision });
  const headers = { ...page.jar.headers, ...answer.headers };
  const url = new URL(action, page.url);
  return toPage(url, await fetch(url, { method: 'POST', redirect: 'manual', headers, body }), page.jar);
}

/** Opens an authorization URL and allows it, or denies it; returns the URL that the client is called back with. */
export async function consent(url: string | URL, answer: Answer = {}): Promise<URL> {
  const page = await openConsent(url);
  const { location, status, html } = page.location ? page : await submitConsent(page, answer);
  if (location) return location;
  throw new Error(`The consent page answered ${status}: ${html}`);
}

// The first user, for a test to whom it does not matter who signs in.
function readSuggestion(html: string): string {
  return / value="([^"]*)"/.exec(/<option [^>]*>/.exec(html)?.[0] ?? '')?.[1] ?? '';
}

/** The value of a field of the form. */
export function readInput(html: string, name: string): string {
  const tag = new RegExp(`<input [^>]*name="${name}"[^>]*>`).exec(html)?.[0] ?? '';
  const value = / value="([^"]*)"/.exec(tag)?.[1] ?? '';
  return value.replace(/&#(\d+);/g, (_entity, code: string) => String.fromCharCode(Number(code)));
}

async function toPage(url: URL, response: Response, jar: CookieJar): Promise<ConsentPage> {
  jar.take(response.headers);
  const { status, headers } = response;
  const to = headers.get('location');
  const location = to === null ? undefined : new URL(to, url);
  return { status, headers, html: await response.text(), location, url, jar };
}
