// What a page with a flow may be told, checked before anything of it reaches the page.
import { DescopeConfigError } from '../core/errors.js';
import { isConfidential, isProjectId, readBaseUrl } from '../core/http/base-url.js';
import { readRedirectTarget } from '../core/http/origin.js';

/** How a flow is shown, and what happens when it is done. */
export interface DescopeFlowOptions {
  readonly projectId: string;
  /** The flow to run, such as `sign-up-or-in`. */
  readonly flowId: string;
  /** Descope's API. */
  readonly baseUrl: string;
  /** Where screens and themes are. Default: Descope's own place, or `<baseUrl>/pages` for a base URL of your own. */
  readonly baseStaticUrl?: string | undefined;
  /** Where the UI library is. Default: Descope's own place; not used in strict mode. */
  readonly baseCdnUrl?: string | undefined;
  /** The script of the web component: a path of this application, or an https URL (then with `integrity`). */
  readonly scriptUrl: string;
  readonly integrity?: string | undefined;
  /** The nonce of this answer's Content-Security-Policy. */
  readonly nonce: string;
  /** Where a signed-in browser goes: a path of this application. */
  readonly successRedirect: string;
  /** Where the tokens go, by POST as JSON: a path of this application. */
  readonly storeUrl: string;
  /** Default: `os`, which follows the system. */
  readonly theme?: 'light' | 'dark' | 'os' | undefined;
  /** The language of screens and page, such as `de`. */
  readonly locale?: string | undefined;
  /** The tenant to sign in to. */
  readonly tenant?: string | undefined;
  /**
   * `strict` is for screens of plain HTML that need no UI library: no script and no style but our own is let in.
   * Default: `standard`.
   */
  readonly mode?: 'standard' | 'strict' | undefined;
  /** The words that the page itself says. Default: English. */
  readonly texts?: Partial<FlowTexts> | undefined;
}

/** The options of a flow after checks and defaults. */
export type CheckedFlow = Omit<DescopeFlowOptions, 'texts'> & {
  readonly theme: 'light' | 'dark' | 'os';
  readonly mode: 'standard' | 'strict';
  readonly texts: FlowTexts;
};

type Check = (value: string) => boolean;

const isBaseUrl: Check = (value) => readBaseUrl(value) !== undefined;
// What is loaded from there acts in the page's name, so nobody on the way may change it.
const isSafeUrl: Check = (value) => isBaseUrl(value) && isConfidential(value);
const isLocal: Check = (value) => readRedirectTarget(value) !== undefined;

const isAny: Check = () => true;

/** What each option must be: a text that the check holds of. */
export const FLOW_CHECKS: Readonly<Record<string, readonly [wants: string, holds: Check]>> = {
  nonce: ['a nonce in base64', (value) => /^[\w+/-]{16,}={0,2}$/.test(value)],
  projectId: ['a project id: "P" and 27 or 31 letters or digits', isProjectId],
  flowId: ['the id of a flow', (value) => value !== ''],
  baseUrl: ['an http(s) URL', isBaseUrl],
  baseStaticUrl: ['an https URL', isSafeUrl],
  baseCdnUrl: ['an https URL', isSafeUrl],
  scriptUrl: ['a path of this application, or an https URL', (value) => isLocal(value) || isSafeUrl(value)],
  integrity: [
    'sha256-, sha384- or sha512- and base64',
    (value) => /^sha(256|384|512)-[\w+/]+=*$/.test(value),
  ],
  successRedirect: ['a path of this application', isLocal],
  storeUrl: ['a path of this application', isLocal],
  theme: ['light, dark or os', (value) => ['light', 'dark', 'os'].includes(value)],
  mode: ['standard or strict', (value) => ['standard', 'strict'].includes(value)],
  locale: ['a language, such as "de"', isAny],
  tenant: ['the id of a tenant', isAny],
};

/** Tells whether a script of somebody else's comes without the digest that it must have. */
export function lacksIntegrity({
  scriptUrl,
  integrity,
}: {
  scriptUrl?: unknown;
  integrity?: unknown;
}): boolean {
  return typeof scriptUrl === 'string' && !isLocal(scriptUrl) && integrity === undefined;
}

/** What the digest of a script from elsewhere must be, in words. */
export const INTEGRITY_WANTED = 'the digest of the script at scriptUrl, such as "sha384-…"';

/** Checks and defaults the options; throws `CONFIG_INVALID` with all mistakes at once. */
export function checkFlow(options: DescopeFlowOptions): CheckedFlow {
  const flow = { ...options, theme: options.theme ?? 'os', mode: options.mode ?? 'standard' } as const;
  const mistakes = Object.entries(FLOW_CHECKS).flatMap(([name, [wants, holds]]) => {
    const value: unknown = flow[name as keyof typeof flow];
    if (value === undefined && OPTIONAL.has(name)) return [];
    return typeof value === 'string' && holds(value) ? [] : [`${name} must be ${wants}`];
  });
  if (lacksIntegrity(flow)) mistakes.push(`integrity must be ${INTEGRITY_WANTED}`);
  if (mistakes.length === 0) return { ...flow, texts: { ...DEFAULT_TEXTS, ...options.texts } };
  throw new DescopeConfigError(
    'CONFIG_INVALID',
    `The login page cannot be shown:\n- ${mistakes.join('\n- ')}`,
  );
}

const OPTIONAL: ReadonlySet<string> = new Set([
  'baseStaticUrl',
  'baseCdnUrl',
  'integrity',
  'locale',
  'tenant',
]);

// The words that the page says itself; those of the screens are the flow's.

/** The page's own words. */
export interface FlowTexts {
  readonly heading: string;
  readonly loading: string;
  readonly finishing: string;
  /** The flow reports an error. */
  readonly failed: string;
  /** The application does not accept the sign-in. */
  readonly rejected: string;
  /** Descope or the application cannot be reached. */
  readonly unavailable: string;
  readonly again: string;
  readonly noScript: string;
}

/** The words in English. */
export const DEFAULT_TEXTS: FlowTexts = {
  heading: 'Sign in',
  loading: 'Loading…',
  finishing: 'Signing you in…',
  failed: 'Something went wrong while signing in. Please try again.',
  rejected: 'You could not be signed in. Please try again.',
  unavailable: 'Signing in is not possible at the moment. Please try again in a minute.',
  again: 'Try again',
  noScript: 'Please switch JavaScript on to sign in.',
};
