// The injectable face of machine tokens: the application's own calls to other services.
import { Inject, Injectable } from '@nestjs/common';
import { inNestForm } from '../auth/http-error.js';
import type { Fetch, FetchLike } from '../core/api/http-client.js';
import { toNodeFetch } from '../core/api/http-client.js';
import { createBearerFetch } from '../core/m2m/bearer-fetch.js';
import type { M2mCredentials } from '../core/m2m/client-tokens.js';
import { MachineTokens, readCredentials } from '../core/m2m/client-tokens.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import { whenReady } from '../core/maybe-promise.js';
import { LateServices } from './late-services.js';

/** Where a `fetch` that adds a token may be used. */
export interface M2mFetchOptions {
  /** The origins that get the token, such as `https://orders.internal`: https, or loopback. Any other is rejected. */
  readonly origins: readonly string[];
  /** What carries the requests: undici's `fetch`, or a function of your own. Default: Node's. */
  readonly fetch?: FetchLike | undefined;
}

/**
 * Gets tokens for calls to other services of the project: once for each credential, remembered until shortly before
 * they end and refreshed ahead. Its errors are no rejections of the application's own caller.
 * @example `const orders = m2m.createFetch({ accessKey }, { origins: ['https://orders.internal'] });`
 */
@Injectable()
export class DescopeM2mClient {
  @Inject(LateServices) private readonly services!: LateServices;
  #tokens: MachineTokens | undefined;

  /** Gets a token. Rejects with `M2M_CREDENTIALS_REFUSED`, `DESCOPE_UNAVAILABLE`, or `CONFIG_INVALID` for credentials of another form. */
  async getToken(credentials: M2mCredentials): Promise<string> {
    const checked = readCredentials(credentials);
    return inNestForm(() => whenReady(this.#findTokens(), (tokens) => tokens.find(checked)));
  }

  /**
   * Makes a `fetch` that adds the token as `Authorization: Bearer`, unless the caller sets that header. It follows no
   * redirect, and where the token is rejected with 401 it tries once more with another. Throws `CONFIG_INVALID` for
   * credentials and origins that cannot be used; the `fetch` rejects like `getToken`, and with `M2M_ORIGIN_NOT_ALLOWED`.
   */
  createFetch(credentials: M2mCredentials, options: M2mFetchOptions): Fetch {
    const checked = readCredentials(credentials);
    const tokens = {
      find: () => whenReady(this.#findTokens(), (found) => found.find(checked)),
      replace: (token: string) => whenReady(this.#findTokens(), (found) => found.replace(checked, token)),
    };
    const { origins, fetch = globalThis.fetch } = options;
    const send = createBearerFetch({ tokens, origins, fetch: toNodeFetch(fetch) });
    return (target, init) => inNestForm(() => send(target, init));
  }

  #findTokens(): MaybePromise<MachineTokens> {
    return whenReady(this.services.find(), ({ sessions, config }) => {
      return (this.#tokens ??= new MachineTokens(sessions.api, config.clock));
    });
  }
}
