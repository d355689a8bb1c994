// The injectable client of machine-to-machine tokens, for the application's own calls to other services.
import { Inject, Injectable } from '@nestjs/common';
import { inNestForm } from '../auth/http-error.js';
import type { Fetch, FetchLike } from '../core/api/http-client.js';
import { toNodeFetch } from '../core/api/http-client.js';
import { DescopeConfigError } from '../core/errors.js';
import { createBearerFetch } from '../core/m2m/bearer-fetch.js';
import type { M2mCredentials } from '../core/m2m/client-credentials.js';
import { readCredentials } from '../core/m2m/client-credentials.js';
import type { MachineTokens } from '../core/m2m/client-tokens.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import { whenReady } from '../core/maybe-promise.js';
import type { Services } from './late-services.js';
import { LateServices } from './late-services.js';

/** Options of `DescopeM2mClient.createFetch`. */
export interface M2mFetchOptions {
  /** The origins that may receive the token, such as `https://orders.internal`: https, or http on loopback. */
  readonly origins: readonly string[];
  /**
   * The `fetch` implementation that sends the requests, such as undici's.
   * @defaultValue Node's `fetch`
   */
  readonly fetch?: FetchLike | undefined;
  /**
   * Whether the token is bound to a key of this application, so that nobody else can use it (DPoP). Each request then has a
   * proof. It needs the credentials of an inbound app, and services that check DPoP proofs.
   * @defaultValue false
   * @see https://www.rfc-editor.org/rfc/rfc9449
   */
  readonly dpop?: boolean | undefined;
}

/**
 * Obtains tokens for calls to other services of the project. A token is requested once for each credential, remembered until
 * shortly before it expires, and refreshed before that.
 * @example `const orders = m2m.createFetch({ accessKey }, { origins: ['https://orders.internal'] });`
 */
@Injectable()
export class DescopeM2mClient {
  @Inject(LateServices) private readonly services!: LateServices;
  #tokens: MachineTokens | undefined;

  /**
   * Obtains a token.
   * @returns the token, for `Authorization: Bearer`
   * @throws {DescopeM2mError} M2M_CREDENTIALS_REFUSED when Descope rejects the credentials
   * @throws {DescopeUnavailableError} DESCOPE_UNAVAILABLE
   * @throws {DescopeConfigError} CONFIG_INVALID for credentials of another form, CONFIG_OPTIONS_CIRCULAR when the options of
   *   the module wait for this call
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
   */
  async getToken(credentials: M2mCredentials): Promise<string> {
    const checked = readCredentials(credentials);
    return inNestForm(() => whenReady(this.#findTokens(), (tokens) => tokens.find(checked)));
  }

  /**
   * Creates a `fetch` that adds the token as `Authorization: Bearer`, unless the call sets this header. It follows no
   * redirect. After a 401 it tries once more with a new token, unless the body is a stream.
   * @returns the `fetch`; its promise rejects like that of `getToken`, and with a `DescopeM2mError` M2M_ORIGIN_NOT_ALLOWED for
   *   an origin that is not in `origins`, or M2M_TOKEN_NOT_BOUND when `dpop` is true and Descope issues a bearer token
   * @throws {DescopeConfigError} CONFIG_INVALID for credentials or origins that cannot be used
   * @example `const orders = m2m.createFetch({ accessKey }, { origins: ['https://orders.internal'] });`
   */
  createFetch(credentials: M2mCredentials, options: M2mFetchOptions): Fetch {
    const { origins, fetch = globalThis.fetch, dpop } = options;
    const checked = readCredentials(credentials, readDpop(dpop));
    const tokens = {
      find: () => whenReady(this.#findTokens(), (found) => found.find(checked)),
      replace: (token: string) => whenReady(this.#findTokens(), (found) => found.replace(checked, token)),
    };
    const findProver = dpop ? () => whenReady(this.#findTokens(), ({ prover }) => prover) : undefined;
    const send = createBearerFetch({ tokens, origins, fetch: toNodeFetch(fetch), findProver });
    return (target, init) => inNestForm(() => send(target, init));
  }

  #findTokens(): MaybePromise<MachineTokens> {
    return this.#tokens ?? whenReady(this.services.find(), (services) => this.#createTokens(services));
  }

  // An application that calls no other service does not load their code.
  async #createTokens({ sessions, config }: Services): Promise<MachineTokens> {
    const { MachineTokens } = await import('../core/m2m/client-tokens.js');
    return (this.#tokens ??= new MachineTokens(sessions.api, config.clock));
  }
}

// A string such as 'false' must not decide whether tokens are bound.
function readDpop(dpop: unknown): boolean {
  if (dpop === undefined || typeof dpop === 'boolean') return dpop === true;
  throw new DescopeConfigError(
    'CONFIG_INVALID',
    'The argument of createFetch is not valid: dpop must be true or false.',
  );
}
