// Errors: one class per consequence, one code per cause, and the form in which they reach the application.
import type {
  DescopeAccessCode,
  DescopeConfigCode,
  DescopeCredentialCode,
  DescopeErrorCode,
  DescopeM2mCode,
  DescopeRequestCode,
  DescopeUnavailableCode,
} from './error-codes.js';

export type {
  DescopeAccessCode,
  DescopeConfigCode,
  DescopeCredentialCode,
  DescopeErrorCode,
  DescopeM2mCode,
  DescopeRequestCode,
  DescopeUnavailableCode,
};

/**
 * The details of an error, for the developer: the expected and the actual values. It never contains a token, a cookie
 * or a key.
 */
export type DescopeErrorDetails = Readonly<Record<string, string | number | readonly string[] | undefined>>;

// Two copies of the package in one process have different classes; each recognises the errors of the other by this
// symbol. An exception of a framework that represents one of these errors has it too.
export const CONSEQUENCE = Symbol.for('nestjs-descope:consequence');

/**
 * The group of an error, which decides the HTTP status: 401 or 400 (`credential`), 403 (`access`), 400, 413 or 415
 * (`request`), 503 (`unavailable`).
 */
export type Consequence = 'credential' | 'access' | 'request' | 'unavailable';

/** Reads the consequence of an error; `undefined` for one that is not of the request pipeline. */
export function readConsequence(error: unknown): Consequence | undefined {
  if (typeof error !== 'object' || error === null || !(CONSEQUENCE in error)) return undefined;
  return error[CONSEQUENCE] as Consequence;
}

// Shared by all copies of the package, as the consequence is.
const MISTAKE = Symbol.for('nestjs-descope:mistake');

/** Checks whether an error is a mistake of the application's developers: its message is for them, and for no caller. */
export function isMistake(error: unknown): error is Error {
  return error instanceof Error && MISTAKE in error;
}

/** Marks an error of a class that is not of this package as a mistake of the application's developers. */
export function toMistake<E extends Error>(error: E): E {
  return Object.defineProperty(error, MISTAKE, { value: true });
}

/**
 * The base class of every error that this package throws. `instanceof` also recognises errors with an HTTP status from
 * another copy of the package in the same process.
 * @example `if (error instanceof DescopeError && error.code === 'TOKEN_EXPIRED') …`
 */
export abstract class DescopeError extends Error {
  /** The cause, for programs. It stays the same when the message changes. */
  abstract readonly code: DescopeErrorCode;
  /** The expected and the actual values, without secrets; an empty object if there are none. */
  readonly details: DescopeErrorDetails;

  constructor(message: string, details: DescopeErrorDetails = {}, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.details = details;
  }

  /**
   * Makes `instanceof` true for errors of the same group from another copy of the package.
   * @returns whether `value` is an error of this class
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    const consequence = readConsequence(value);
    if (consequence === undefined || this === DescopeError) return consequence !== undefined;
    const own: unknown = Object.hasOwn(this.prototype, CONSEQUENCE)
      ? Reflect.get(this.prototype, CONSEQUENCE)
      : undefined;
    return own === consequence;
  }
}

// The form in which errors reach the application: unchanged, until the layer of a framework sets another form.
let toThrownForm = (error: DescopeError): Error => error;

/** Sets the form in which errors are thrown to the application where core itself throws them. */
export function setThrownForm(form: (error: DescopeError) => Error): void {
  toThrownForm = form;
}

/** Converts an error to the form in which it is thrown to the application. */
export function toThrownError(error: DescopeError): Error {
  return toThrownForm(error);
}

/**
 * A mistake in the set-up of the application, thrown at boot or by the call that is used incorrectly. The message explains
 * what to change.
 */
export class DescopeConfigError extends DescopeError {
  constructor(
    /** The cause: a `CONFIG_…` code. */
    readonly code: DescopeConfigCode,
    message: string,
    details?: DescopeErrorDetails,
  ) {
    super(message, details);
  }

  /** @internal */
  get [MISTAKE](): true {
    return true;
  }
}

/**
 * A credential that is missing or invalid: HTTP 401 with a challenge, or 400 for `CREDENTIAL_MALFORMED`.
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 */
export class DescopeCredentialError extends DescopeError {
  constructor(
    /** The cause, such as `SESSION_MISSING` or `TOKEN_EXPIRED`. */
    readonly code: DescopeCredentialCode,
    message: string,
    details?: DescopeErrorDetails,
  ) {
    super(message, details);
  }

  /** @internal */
  get [CONSEQUENCE](): Consequence {
    return 'credential';
  }
}

/**
 * A caller who is known but lacks a right: HTTP 403.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.5.4
 */
export class DescopeAccessError extends DescopeError {
  constructor(
    /** The cause, such as `ACCESS_ROLE_MISSING`. */
    readonly code: DescopeAccessCode,
    message: string,
    details?: DescopeErrorDetails,
  ) {
    super(message, details);
  }

  /** @internal */
  get [CONSEQUENCE](): Consequence {
    return 'access';
  }
}

/** A request that a mounted route cannot process: HTTP 400, 413 or 415. */
export class DescopeRequestError extends DescopeError {
  constructor(
    /** The cause: a `REQUEST_BODY_…` code or `SESSION_TOO_LARGE`. */
    readonly code: DescopeRequestCode,
    message: string,
    details?: DescopeErrorDetails,
  ) {
    super(message, details);
  }

  /** @internal */
  get [CONSEQUENCE](): Consequence {
    return 'request';
  }
}

/**
 * Descope or the shared store cannot be reached: HTTP 503 with `Retry-After`. The caller may be valid or not.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4
 */
export class DescopeUnavailableError extends DescopeError {
  /** Seconds to wait before the next try, at least 1: the value of `Retry-After`. */
  readonly retryAfterSeconds: number;

  constructor(
    /** The cause, such as `KEYS_UNAVAILABLE`. */
    readonly code: DescopeUnavailableCode,
    message: string,
    input: { readonly retryAfterSeconds: number; readonly cause?: unknown },
  ) {
    const { retryAfterSeconds, cause } = input;
    super(message, { retryAfterSeconds }, cause === undefined ? undefined : { cause });
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** @internal */
  get [CONSEQUENCE](): Consequence {
    return 'unavailable';
  }
}

/**
 * A call of the application to another service that failed: its credentials were rejected, may not be sent to that origin, or
 * got a token that is not bound to its key.
 */
export class DescopeM2mError extends DescopeError {
  constructor(
    /** The cause: `M2M_CREDENTIALS_REFUSED`, `M2M_ORIGIN_NOT_ALLOWED` or `M2M_TOKEN_NOT_BOUND`. */
    readonly code: DescopeM2mCode,
    message: string,
    details?: DescopeErrorDetails,
  ) {
    super(message, details);
  }

  /** @internal */
  get [MISTAKE](): true {
    return true;
  }
}
