// The options of DescopeOnBehalfModule, and their check.
import type { ConfigurableModuleAsyncOptions } from '@nestjs/common';
import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { OptionTable } from '../core/config/option-reader.js';
import {
  describe,
  isText,
  OPTIONAL_TEXT,
  OptionReader,
  toOptionalRule,
  toWholeNumberRule,
} from '../core/config/option-reader.js';
import { DescopeConfigError } from '../core/errors.js';
import { isConfidential, readBaseUrl } from '../core/http/base-url.js';

/** The options of `DescopeOnBehalfModule`; those of the client are needed for `DescopeTokens` only. */
export interface OnBehalfOptions {
  /**
   * The client id of the inbound app that exchanges the tokens of callers.
   * @defaultValue none: no tokens are exchanged
   * @see https://docs.descope.com/identity-federation/inbound-apps
   */
  readonly clientId?: string | undefined;
  /**
   * The client secret of that app.
   * @defaultValue none
   */
  readonly clientSecret?: string | undefined;
  /**
   * The token endpoint: an https URL, or a path below `baseUrl`.
   * @defaultValue `'/oauth2/v1/apps/token'`
   */
  readonly tokenEndpoint?: string | undefined;
  /**
   * How long a token of a connection is used without asking Descope's vault again, in seconds from 1 to 3600; never longer
   * than it is valid.
   * @defaultValue `300`
   */
  readonly connectionMaxAgeSeconds?: number | undefined;
}

/** Options that are written beside the factory. */
export interface OnBehalfExtras {
  /**
   * Makes the providers visible in every module.
   * @defaultValue `true`
   */
  readonly isGlobal?: boolean | undefined;
}

/** The options of `DescopeOnBehalfModule.forRoot()`. */
export type OnBehalfModuleOptions = OnBehalfOptions & OnBehalfExtras;

/** The options of `DescopeOnBehalfModule.forRootAsync()`. */
export type OnBehalfModuleAsyncOptions = ConfigurableModuleAsyncOptions<OnBehalfOptions> & OnBehalfExtras;

/** The injection token of the options. A string, so that two copies of the package use the same one. */
export const ON_BEHALF_OPTIONS = 'nestjs-descope:on-behalf-options';

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<OnBehalfOptions>({
  optionsInjectionToken: ON_BEHALF_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<OnBehalfExtras>({ isGlobal: true }, (definition, { isGlobal }) => ({
    ...definition,
    global: isGlobal !== false,
  }))
  .build();

/** The checked options. */
export interface OnBehalfConfig {
  /** The client of exchanges; `undefined` if there is none. */
  readonly client: { readonly id: string; readonly secret: string } | undefined;
  readonly tokenEndpoint: TokenEndpoint;
  readonly connectionMaxAgeMs: number;
}

/** Where tokens are exchanged. */
export interface TokenEndpoint {
  readonly baseUrl: string;
  readonly path: string;
}

const ROWS = {
  clientId: OPTIONAL_TEXT,
  clientSecret: toOptionalRule('a non-empty string', isText),
  tokenEndpoint: OPTIONAL_TEXT,
  connectionMaxAgeSeconds: toWholeNumberRule({ least: 1, most: 3600, default: 300 }),
} satisfies OptionTable<OnBehalfOptions>;

const MODULE = 'DescopeOnBehalfModule';
const PATH = '/oauth2/v1/apps/token';

/** Checks the options. Throws one `CONFIG_INVALID` with every mistake. */
export function readOnBehalfOptions(given: unknown, baseUrl: string): OnBehalfConfig {
  if (typeof given !== 'object' || given === null)
    throw new DescopeConfigError('CONFIG_INVALID', `${MODULE} got ${describe(given)}; expected its options.`);
  const options = new OptionReader<OnBehalfOptions>(given, Object.keys(ROWS));
  const { clientId, clientSecret, tokenEndpoint, connectionMaxAgeSeconds } = options.readAll(ROWS);
  if ((clientId === undefined) !== (clientSecret === undefined))
    options.mistake(
      clientId === undefined ? 'clientId' : 'clientSecret',
      'nothing',
      'both the id and the secret of an inbound app, or neither',
    );
  const endpoint = toEndpoint(tokenEndpoint ?? PATH, baseUrl);
  if (endpoint === undefined)
    options.mistake(
      'tokenEndpoint',
      'another string',
      'an https URL (http for loopback) without credentials, query and fragment, or a path below baseUrl',
    );
  options.assertFaultless(MODULE);
  const client =
    clientId === undefined || clientSecret === undefined ? undefined : { id: clientId, secret: clientSecret };
  return {
    client,
    tokenEndpoint: endpoint ?? { baseUrl, path: PATH },
    connectionMaxAgeMs: 1000 * connectionMaxAgeSeconds,
  };
}

// The secret and the tokens of callers are sent there.
function toEndpoint(text: string, baseUrl: string): TokenEndpoint | undefined {
  if (/^\/[\w/.~-]+$/.test(text) && !text.startsWith('//')) return { baseUrl, path: text };
  const url = readBaseUrl(text);
  if (url === undefined || !isConfidential(url) || /[?#]/.test(text)) return undefined;
  const { origin } = new URL(url);
  return url === origin ? undefined : { baseUrl: origin, path: url.slice(origin.length) };
}
