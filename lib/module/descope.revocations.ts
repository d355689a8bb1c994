// The injectable service that revokes: what was issued to a session, a user, a tenant or an access key is rejected from now on.
import { Inject, Injectable } from '@nestjs/common';
import { inNestForm } from '../auth/http-error.js';
import type { DescopeApi } from '../core/api/descope-api.js';
import { deactivateAccessKey, endSessionsOf } from '../core/api/descope-calls.js';
import { describe } from '../core/config/option-reader.js';
import { DescopeConfigError } from '../core/errors.js';
import type { DatedRevocation } from '../core/revocation/revocations.js';
import type { DescopeRevocationOutcome, RevocationReach } from '../core/session/revoker.js';
import type { DescopeSession, SignedInSession } from '../core/session/session.js';
import { isSignedIn, requireSignedIn } from '../core/session/session.js';
import type { TenantId } from '../core/user/custom-claims.js';
import { LateServices } from './late-services.js';

/** The result of a revocation. This instance rejects the tokens in any case, from before the promise resolves. */
export interface RevocationResult {
  /**
   * Which instances reject the tokens. `'shared'`: all that share the `channel` or `store`, as soon as they hear of it.
   * `'pending'`: this one only, because the `channel` or `store` could not be reached; it is tried again by itself, as long
   * as this process runs. `'local'`: this one only, because the option `shared` is not set.
   */
  readonly reach: RevocationReach;
  /**
   * What Descope was told, so that it issues no new session. `'done'`: it ended the user's sessions, or deactivated the key.
   * `'rejected'`: it does not know the id, or does not accept the management key; the log says which. `'unavailable'`: it
   * could not be reached; revoke again. `'unsupported'`: it was not told, because it has no endpoint for this, or because
   * there is no `managementKey`.
   */
  readonly atDescope: DescopeRevocationOutcome | 'unsupported';
}

type EndAtDescope = (api: DescopeApi, managementKey: string, id: string) => Promise<void>;

/**
 * Revokes tokens that were issued before now: every instance rejects them with `SESSION_SIGNED_OUT`, and closes the sockets
 * and streams that were opened with them. A token that Descope issues later is accepted: a refresh token that a client shows
 * to Descope itself, or a new sign-in, brings one, unless Descope was told.
 *
 * Descope dates tokens to the second. All methods but `revokeSession` therefore wait until the present second of its clock is
 * over, at most two seconds, so that a user who signs in after that is accepted. Several may wait at the same time.
 * @example `constructor(private readonly revocations: DescopeRevocations) {}`
 */
@Injectable()
export class DescopeRevocations {
  @Inject(LateServices) private readonly services!: LateServices;

  /**
   * Revokes a session: its token, and all other tokens of the same sign-in that this application knows. Descope has no
   * endpoint for this: `POST logout` ends the session there, too.
   * @param session the value of `@CurrentSession()`, or of `DescopeService`
   * @returns how far the revocation has come
   * @throws {DescopeCredentialError} SESSION_MISSING for an anonymous session, or the error that rejected its credential
   * @throws {DescopeConfigError} CONFIG_INVALID for anything but a session, CONFIG_OPTIONS_CIRCULAR when the options of the
   *   module wait for this call
   */
  async revokeSession(session: DescopeSession): Promise<RevocationResult> {
    return inNestForm(async () => {
      const { token, claims, user } = readSession(session);
      const { sessions } = await this.services.find();
      const { revoker } = await sessions.loadSignIns();
      const { isStored, signIns } = await revoker.revokeSignIns([
        { token, claims, kind: user.kind, isRefresh: false },
      ]);
      const isAllStored = await revoker.prolong(signIns, []);
      return { reach: revoker.toReach(isStored && isAllStored), atDescope: 'unsupported' };
    });
  }

  /**
   * Revokes every session of a user. With a `managementKey`, Descope ends them, too.
   * @param id the user's id at Descope: `user.id`
   * @returns how far the revocation has come
   * @throws {DescopeConfigError} CONFIG_INVALID for an id that is empty or not a string, CONFIG_OPTIONS_CIRCULAR when the
   *   options of the module wait for this call
   */
  async revokeUser(id: string): Promise<RevocationResult> {
    return this.#revoke({ scope: 'user', id: readId(id, 'revokeUser') }, endSessionsOf);
  }

  /**
   * Revokes every session whose token names a tenant, of the users who belong to it. They may sign in again.
   * @param id the tenant's id
   * @returns how far the revocation has come
   * @throws {DescopeConfigError} CONFIG_INVALID for an id that is empty or not a string, CONFIG_OPTIONS_CIRCULAR when the
   *   options of the module wait for this call
   */
  async revokeTenant(id: TenantId): Promise<RevocationResult> {
    return this.#revoke({ scope: 'tenant', id: readId(id, 'revokeTenant') });
  }

  /**
   * Revokes an access key: the sessions for which it was exchanged, and, with a `managementKey`, the key itself, which Descope
   * deactivates. Otherwise the key is exchanged for a new session by its next request.
   * @param id the id of the key at Descope, not the key
   * @returns how far the revocation has come
   * @throws {DescopeConfigError} CONFIG_INVALID for an id that is empty or not a string, CONFIG_OPTIONS_CIRCULAR when the
   *   options of the module wait for this call
   */
  async revokeAccessKey(id: string): Promise<RevocationResult> {
    return this.#revoke({ scope: 'accessKey', id: readId(id, 'revokeAccessKey') }, deactivateAccessKey);
  }

  /**
   * Revokes every session of the project, those of access keys, apps and agents included. Users sign in again; access keys are
   * exchanged again by their next request.
   * @returns how far the revocation has come
   * @throws {DescopeConfigError} CONFIG_OPTIONS_CIRCULAR when the options of the module wait for this call
   */
  async revokeAll(): Promise<RevocationResult> {
    return this.#revoke({ scope: 'project' });
  }

  async #revoke(
    { scope, id = '' }: Pick<DatedRevocation, 'scope' | 'id'>,
    end?: EndAtDescope,
  ): Promise<RevocationResult> {
    return inNestForm(async () => {
      const { config, sessions } = await this.services.find();
      const { api } = sessions;
      const { revoker } = await sessions.loadSignIns();
      const { managementKey } = config.readSecrets();
      const tell =
        end && managementKey !== undefined
          ? () => revoker.tell(() => end(api, managementKey, id), false)
          : undefined;
      const { reach, atDescope = 'unsupported' } = await revoker.revokeBeforeNow({ scope, id }, tell);
      return { reach, atDescope };
    });
  }
}

function readSession(session: DescopeSession): SignedInSession {
  const given: unknown = session;
  if (typeof given !== 'object' || given === null || !('user' in given))
    throw invalid('revokeSession', given, 'the session of @CurrentSession()');
  requireSignedIn(session);
  if (isSignedIn(session) && typeof session.token === 'string') return session;
  throw invalid('revokeSession', undefined, 'a session with its token');
}

function readId(id: unknown, method: string): string {
  if (typeof id === 'string' && id.trim() !== '') return id;
  throw invalid(method, id, 'the id at Descope, a string that is not empty');
}

function invalid(method: string, got: unknown, expected: string): DescopeConfigError {
  const message = `DescopeRevocations.${method}() got ${describe(got)}; expected ${expected}.`;
  return new DescopeConfigError('CONFIG_INVALID', message);
}
