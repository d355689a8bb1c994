// What else a handler may ask for: a tenant, scopes, how one signed in, which callers and audiences.
import type { NameMatch } from '../../core/user/demands.js';
import type { TokenKind } from '../../core/token/token-kind.js';
import { assertChoices, assertNames, assertValueSource, invalid } from './definition.js';
import { ask } from './note.js';
import type { AccessDecorator } from './note.js';
import type { ValueSource } from './request-value.js';

/** Who may call: everybody that a token's kind can name. */
export type AcceptedKind = Exclude<TokenKind, 'unknown'>;

const KINDS: readonly AcceptedKind[] = ['user', 'access-key', 'app', 'agent'];
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/; // RFC 6749 §3.3, which also keeps the challenge well-formed

/** A decorator of scopes with a variant: `@Scopes(…)` and `@Scopes.any(…)`. */
export interface ScopesDecorator {
  (...scopes: readonly string[]): AccessDecorator;
  /** Asks for one of the scopes. */
  any(...scopes: readonly string[]): AccessDecorator;
}

/** A decorator of sign-in methods with a variant: `@Amr(…)` and `@Amr.all(…)`. */
export interface AmrDecorator {
  (...methods: readonly string[]): AccessDecorator;
  /** Asks for all of the methods. */
  all(...methods: readonly string[]): AccessDecorator;
}

/**
 * Asks for membership in the tenant that the request names; else 403 `ACCESS_TENANT_MISSING`, or
 * `ACCESS_TENANT_UNNAMED` where it names none. `@CurrentTenant()` gives it to the handler.
 * @example `@Tenant({ from: 'param:tenantId' }) @Get(':tenantId/orders') list(@CurrentTenant() tenant: string) {}`
 */
export function Tenant({ from }: { readonly from: ValueSource }): AccessDecorator {
  assertValueSource(from, '@Tenant({ from })');
  return ask({ kind: 'tenant', from }, '@Tenant');
}

/** Asks for all of these OAuth scopes, or with `@Scopes.any` for one; else 403 `ACCESS_SCOPE_MISSING` (RFC 6750 §3.1). */
export const Scopes: ScopesDecorator = Object.assign(
  (...scopes: readonly string[]) => askScopes(scopes, 'all'),
  { any: (...scopes: readonly string[]) => askScopes(scopes, 'any') },
);

/**
 * Asks for a step-up (`su`), at most so many seconds old; else 401 `AUTH_STEP_UP_REQUIRED` (RFC 9470). The age is that
 * of the token which bears it. Default: as long as Descope lets it last.
 */
export function StepUp(options: { readonly maxAgeSeconds?: number } = {}): AccessDecorator {
  const { maxAgeSeconds } = options;
  const isAge = maxAgeSeconds === undefined || (Number.isFinite(maxAgeSeconds) && maxAgeSeconds > 0);
  if (!isAge || Object.keys(options).some((name) => name !== 'maxAgeSeconds'))
    throw invalid('@StepUp()', '{ maxAgeSeconds } above zero, or nothing');
  return ask({ kind: 'step-up', maxAgeSeconds }, '@StepUp');
}

/** Asks for a sign-in with two factors (`amr` says `mfa`, or names two methods); else 401 `AUTH_MFA_REQUIRED`. */
export function Mfa(): AccessDecorator {
  return ask({ kind: 'mfa' }, '@Mfa');
}

/** Asks for a sign-in by one of these methods (`amr`, RFC 8176), or with `@Amr.all` by all; else 401 `AUTH_METHOD_REQUIRED`. */
export const Amr: AmrDecorator = Object.assign(
  (...methods: readonly string[]) => askMethods(methods, 'any'),
  { all: (...methods: readonly string[]) => askMethods(methods, 'all') },
);

/** Asks for a token that names one of these audiences, in place of the option `audience`; else 401 `TOKEN_AUDIENCE_MISMATCH`. */
export function Audience(...audiences: readonly string[]): AccessDecorator {
  assertNames(audiences, '@Audience');
  return ask({ kind: 'audience', names: audiences }, '@Audience');
}

/**
 * Says who may call, in place of the option `accepts`; else 401 `TOKEN_KIND_NOT_ACCEPTED`. Tokens of apps and agents
 * need an audience, by `@Audience` or the option.
 */
export function Accepts(...kinds: readonly AcceptedKind[]): AccessDecorator {
  assertChoices(kinds, KINDS, '@Accepts');
  return ask({ kind: 'accepts', kinds }, '@Accepts');
}

/** Asks for the project role `staffRole` (default `is_staff`); else 403 `ACCESS_STAFF_MISSING`. */
export function Staff(): AccessDecorator {
  return ask({ kind: 'staff' }, '@Staff');
}

/** Asks for the project role `superuserRole` (default `is_superuser`); else 403 `ACCESS_SUPERUSER_MISSING`. */
export function Superuser(): AccessDecorator {
  return ask({ kind: 'superuser' }, '@Superuser');
}

function askScopes(scopes: readonly string[], match: NameMatch): AccessDecorator {
  const decorator = match === 'all' ? '@Scopes' : '@Scopes.any';
  assertNames(scopes, decorator);
  if (!scopes.every((scope) => SCOPE.test(scope)))
    throw invalid(`${decorator}()`, 'scopes one by one, without blanks or quotes');
  return ask({ kind: 'scopes', names: scopes, match }, decorator);
}

function askMethods(methods: readonly string[], match: NameMatch): AccessDecorator {
  const decorator = match === 'any' ? '@Amr' : '@Amr.all';
  assertNames(methods, decorator);
  return ask({ kind: 'amr', names: methods, match }, decorator);
}
