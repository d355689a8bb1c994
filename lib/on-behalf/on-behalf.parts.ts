// What the injectable classes of this folder share: the parts of DescopeModule, the options, and who acts.
import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { findService } from '../auth/access/find-provider.js';
import { DESCOPE_CONFIG, DESCOPE_SESSIONS } from '../auth/injection-tokens.js';
import { recallSession } from '../context/caller.js';
import { DescopeContext } from '../context/descope.context.js';
import type { DescopeApi } from '../core/api/descope-api.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeConfigError, DescopeCredentialError } from '../core/errors.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import type { Sessions } from '../core/session/auto-refresh.js';
import type { DescopeSession, SignedInSession } from '../core/session/session.js';
import { isSignedIn } from '../core/session/session.js';
import type { OnBehalfConfig } from './on-behalf.options.js';
import { ON_BEHALF_OPTIONS, readOnBehalfOptions } from './on-behalf.options.js';

@Injectable()
export class OnBehalfParts {
  // Private to the language, so that no log of a service that has them shows the secret.
  readonly #modules: ModuleRef;
  readonly #given: unknown;
  #own: OnBehalfConfig | undefined;

  constructor(@Inject(ModuleRef) modules: ModuleRef, @Inject(ON_BEHALF_OPTIONS) given: unknown) {
    this.#modules = modules;
    this.#given = given;
  }

  /** The options of `DescopeModule`. */
  get config(): DescopeConfig {
    return findService(this.#modules, DESCOPE_CONFIG, MODULE_MISSING) as DescopeConfig;
  }

  /** How Descope is called. */
  get api(): DescopeApi {
    return this.#sessions.api;
  }

  /**
   * Asserts that a session was not revoked since the guard has accepted it: sockets, streams and background work outlive
   * requests.
   * @throws {DescopeCredentialError} SESSION_SIGNED_OUT, and SIGN_OUTS_UNAVAILABLE while revocations are not heard
   */
  assertActive(session: DescopeSession): MaybePromise<void> {
    if (!isSignedIn(session)) return undefined;
    const { token, claims, user } = session;
    return this.#sessions.revocations.assertActive(token, { claims, kind: user.kind });
  }

  get #sessions(): Sessions {
    return findService(this.#modules, DESCOPE_SESSIONS, MODULE_MISSING) as Sessions;
  }

  /**
   * Reads the options of `DescopeOnBehalfModule`, checked. A method, because `inspect` reads getters.
   * @throws {DescopeConfigError} CONFIG_INVALID
   */
  readOptions(): OnBehalfConfig {
    return (this.#own ??= readOnBehalfOptions(this.#given, this.config.baseUrl));
  }

  /**
   * Asserts that the options are valid, and that there is a `DescopeModule`.
   * @throws {DescopeConfigError} CONFIG_INVALID or CONFIG_MODULE_MISSING
   */
  assertSound(): void {
    this.readOptions();
  }

  /**
   * Returns the management key.
   * @throws {DescopeConfigError} CONFIG_MANAGEMENT_KEY_MISSING
   */
  requireManagementKey(): string {
    const { managementKey } = this.config.readSecrets();
    if (managementKey !== undefined) return managementKey;
    throw new DescopeConfigError('CONFIG_MANAGEMENT_KEY_MISSING', KEY_MISSING);
  }

  /** Asserts that there is a context in which the caller is found. */
  assertContext(): void {
    findService(this.#modules, DescopeContext, CONTEXT_MISSING);
  }

  /**
   * Finds the session of the current caller.
   * @throws {DescopeCredentialError} SESSION_MISSING if nobody acts, or a caller that a job has carried
   */
  requireSession(): SignedInSession {
    const caller = (findService(this.#modules, DescopeContext, CONTEXT_MISSING) as DescopeContext).current();
    const session = caller && recallSession(caller);
    if (session !== undefined) return session;
    throw new DescopeCredentialError('SESSION_MISSING', NOBODY);
  }
}

const MODULE_MISSING =
  'DescopeOnBehalfModule is imported, but no module imports DescopeModule. Import DescopeModule.forRoot() in the root module.';
const KEY_MISSING =
  'DescopeConnections needs a management key. Set the option managementKey of DescopeModule, or DESCOPE_MANAGEMENT_KEY.';
const CONTEXT_MISSING =
  'createFetch({ onBehalf: true }) finds the caller by the context, but no module imports DescopeContextModule. Import it from nestjs-descope/context in the root module, or pass the session: createFetch({ onBehalf: session }, …).';
const NOBODY =
  'A call on behalf of the caller has no caller: it is outside a request, on a public route, before the guard, or in a job, which carries no token.';
