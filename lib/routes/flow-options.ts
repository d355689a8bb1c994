// The options of a page with a flow, checked before any of them reaches the page.
import { DescopeConfigError } from '../core/errors.js';
import { isConfidential, isProjectId, readBaseUrl } from '../core/http/base-url.js';
import { readRedirectTarget } from '../core/http/redirect-target.js';

/** How a flow is shown, and where its tokens and the browser go. */
export interface DescopeFlowOptions {
  /** The id of the project: `P` and 27 or 31 letters or digits. */
  readonly projectId: string;
  /** The flow to run, such as `sign-up-or-in`. */
  readonly flowId: string;
  /** The base URL of Descope's API. */
  readonly baseUrl: string;
  /**
   * The base URL of screens and themes.
   * @defaultValue Descope's own, or `<baseUrl>/pages` for a base URL of your own
   */
  readonly baseStaticUrl?: string | undefined;
  /**
   * The base URL of the UI library, which strict mode does not use.
   * @defaultValue Descope's own
   */
  readonly baseCdnUrl?: string | undefined;
  /** The script of the web component: a path of this application, or an https URL (then with `integrity`). */
  readonly scriptUrl: string;
  /**
   * The digest of the script, such as `sha384-…`; required for one of another origin.
   * @defaultValue none
   */
  readonly integrity?: string | undefined;
  /** The nonce of this response's Content-Security-Policy: {@link createNonce} for each response. */
  readonly nonce: string;
  /** The path of this application to which a signed-in browser goes. */
  readonly successRedirect: string;
  /** The path of this application to which the tokens are posted as JSON. */
  readonly storeUrl: string;
  /**
   * The theme; `os` follows the system.
   * @defaultValue `'os'`
   */
  readonly theme?: 'light' | 'dark' | 'os' | undefined;
  /**
   * The language of screens and page, such as `de`.
   * @defaultValue the flow's own for the screens, `en` for the page
   */
  readonly locale?: string | undefined;
  /**
   * The id of the tenant to sign in to.
   * @defaultValue none
   */
  readonly tenant?: string | undefined;
  /**
   * `strict` is for screens of plain HTML that need no UI library: the Content-Security-Policy then allows only this page's
   * own scripts and styles.
   * @defaultValue `'standard'`
   */
  readonly mode?: 'standard' | 'strict' | undefined;
  /**
   * The texts of the page itself; those of the screens are part of the flow.
   * @defaultValue English
   */
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
// What is loaded from there runs as part of the page, so it must come over an authenticated connection.
const isSafeUrl: Check = (value) => isBaseUrl(value) && isConfidential(value);
const isLocal: Check = (value) => readRedirectTarget(value) !== undefined;

const isAny: Check = () => true;

/** What each option must be, in words and as a check of a string. */
export const FLOW_CHECKS: Readonly<Record<string, readonly [wants: string, holds: Check]>> = {
  nonce: ['a nonce in base64', (value) => /^[\w+/-]{16,}={0,2}$/.test(value)],
  projectId: ['a project id: "P" followed by 27 or 31 letters or digits', isProjectId],
  flowId: ['the id of a flow', (value) => value !== ''],
  baseUrl: ['an http(s) URL', isBaseUrl],
  baseStaticUrl: ['an https URL', isSafeUrl],
  baseCdnUrl: ['an https URL', isSafeUrl],
  scriptUrl: ['a path of this application, or an https URL', (value) => isLocal(value) || isSafeUrl(value)],
  integrity: [
    'sha256-, sha384- or sha512- followed by base64',
    (value) => /^sha(256|384|512)-[\w+/]+=*$/.test(value),
  ],
  successRedirect: ['a path of this application', isLocal],
  storeUrl: ['a path of this application', isLocal],
  theme: ['light, dark or os', (value) => ['light', 'dark', 'os'].includes(value)],
  mode: ['standard or strict', (value) => ['standard', 'strict'].includes(value)],
  locale: ['a language, such as "de"', isAny],
  tenant: ['the id of a tenant', isAny],
};

/** Whether a script of another origin lacks its digest. */
export function lacksIntegrity({
  scriptUrl,
  integrity,
}: {
  scriptUrl?: unknown;
  integrity?: unknown;
}): boolean {
  return typeof scriptUrl === 'string' && !isLocal(scriptUrl) && integrity === undefined;
}

/** What `integrity` must be for a script of another origin. */
export const INTEGRITY_WANTED = 'the digest of the script at scriptUrl, such as "sha384-…"';

/**
 * Checks the options, and applies defaults.
 * @throws {DescopeConfigError} CONFIG_INVALID with all mistakes at once
 */
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

/** The texts of the login page itself; those of the screens are part of the flow. */
export interface FlowTexts {
  /** The heading and title of the page. */
  readonly heading: string;
  /** While the flow loads. */
  readonly loading: string;
  /** While the tokens are posted. */
  readonly finishing: string;
  /** When the flow reports an error. */
  readonly failed: string;
  /** When the application rejects the sign-in. */
  readonly rejected: string;
  /** When Descope or the application cannot be reached. */
  readonly unavailable: string;
  /** The button that starts again. */
  readonly again: string;
  /** Shown where scripts are switched off. */
  readonly noScript: string;
}

/** The texts in English. */
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
