// What can go wrong, as four classes for consequences with one code per cause.
import type {
  DescopeAccessCode,
  DescopeConfigCode,
  DescopeCredentialCode,
  DescopeErrorCode,
  DescopeM2mCode,
  DescopeRequestCode,
  DescopeUnavailableCode,
} from './error-codes.js';

/** Evidence for the developer. It never holds a token, a cookie or a key. */
export type DescopeErrorDetails = Readonly<Record<string, string | number | readonly string[] | undefined>>;

// Two copies of the package in one process have each their own classes, and know each other's errors by this. So do
// exceptions of a framework that stand for one of them.
export const CONSEQUENCE = Symbol.for('nestjs-descope:consequence');

/** What follows from an error of the road. */
export type Consequence = 'credential' | 'access' | 'request' | 'unavailable';

/** Reads what follows from an error; `undefined` for one that is not the road's. */
export function readConsequence(error: unknown): Consequence | undefined {
  if (typeof error !== 'object' || error === null || !(CONSEQUENCE in error)) return undefined;
  return error[CONSEQUENCE] as Consequence;
}

/** The parent of every error that this package throws. */
export abstract class DescopeError extends Error {
  abstract readonly code: DescopeErrorCode;
  /** What was expected and what was found, as far as it is no secret. */
  readonly details: DescopeErrorDetails;

  constructor(message: string, details: DescopeErrorDetails = {}, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.details = details;
  }

  /** `instanceof` goes by what follows from an error, where that is the class's own: see `CONSEQUENCE`. */
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

// What the application is thrown: our errors as they are, until a framework's floor says how it wants them.
let toThrownForm = (error: DescopeError): Error => error;

/** Sets in which form errors are thrown to the application, where core itself throws them. */
export function setThrownForm(form: (error: DescopeError) => Error): void {
  toThrownForm = form;
}

/** Brings an error to the form in which the application is thrown it. */
export function toThrownError(error: DescopeError): Error {
  return toThrownForm(error);
}

/** A mistake in the application's own set-up; it stops the boot and says what to change. */
export class DescopeConfigError extends DescopeError {
  constructor(
    readonly code: DescopeConfigCode,
    message: string,
    details?: DescopeErrorDetails,
  ) {
    super(message, details);
  }
}

/** A credential that is absent or not good: HTTP 401 with a challenge (400 for `CREDENTIAL_MALFORMED`). */
export class DescopeCredentialError extends DescopeError {
  constructor(
    readonly code: DescopeCredentialCode,
    message: string,
    details?: DescopeErrorDetails,
  ) {
    super(message, details);
  }

  get [CONSEQUENCE](): Consequence {
    return 'credential';
  }
}

/** A caller who is known and may not do this: HTTP 403. */
export class DescopeAccessError extends DescopeError {
  constructor(
    readonly code: DescopeAccessCode,
    message: string,
    details?: DescopeErrorDetails,
  ) {
    super(message, details);
  }

  get [CONSEQUENCE](): Consequence {
    return 'access';
  }
}

/** A request that one of the mounted routes cannot work with: HTTP 400, 413 or 415. */
export class DescopeRequestError extends DescopeError {
  constructor(
    readonly code: DescopeRequestCode,
    message: string,
    details?: DescopeErrorDetails,
  ) {
    super(message, details);
  }

  get [CONSEQUENCE](): Consequence {
    return 'request';
  }
}

/** Descope, or the store of sign-outs, cannot be asked at present: HTTP 503 with `Retry-After`. */
export class DescopeUnavailableError extends DescopeError {
  /** Seconds after which a new try makes sense. */
  readonly retryAfterSeconds: number;

  constructor(
    readonly code: DescopeUnavailableCode,
    message: string,
    input: { readonly retryAfterSeconds: number; readonly cause?: unknown },
  ) {
    const { retryAfterSeconds, cause } = input;
    super(message, { retryAfterSeconds }, cause === undefined ? undefined : { cause });
    this.retryAfterSeconds = retryAfterSeconds;
  }

  get [CONSEQUENCE](): Consequence {
    return 'unavailable';
  }
}

/** A call of the application's own that cannot be made: its credentials are refused, or may not go there. */
export class DescopeM2mError extends DescopeError {
  constructor(
    readonly code: DescopeM2mCode,
    message: string,
    details?: DescopeErrorDetails,
  ) {
    super(message, details);
  }
}
