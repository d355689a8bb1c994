// The two errors of the emulator: one for the code that runs it, one for the clients that call it.

/** The error of `startEmulator` and of the methods of `Emulator`; `code` names the cause. */
export class EmulatorError extends Error {
  /** The name of the class. */
  override readonly name = 'EmulatorError';

  constructor(
    /** The cause, for programs. */
    readonly code: EmulatorErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/**
 * Why the emulator could not start, or could not do what it was called for.
 *
 * - `EMULATOR_IN_PRODUCTION`: `NODE_ENV` is `production`
 * - `EMULATOR_OPTIONS_INVALID`: an option or a setting is unknown or has a wrong value
 * - `EMULATOR_SEED_INVALID`: the seed has a wrong shape, duplicates or unknown names
 * - `EMULATOR_SEED_UNREADABLE`: the seed file cannot be read, or is not JSON
 * - `EMULATOR_ADDRESS_TAKEN`: the host and port cannot be listened on
 * - `EMULATOR_CLOSED`: a project is to be created, and the emulator is closed
 * - `EMULATOR_NOT_FOUND`: the command asks for a running emulator, and none answers
 * - `EMULATOR_USER_UNKNOWN`: there is no user with this login id or user id
 */
export type EmulatorErrorCode =
  | 'EMULATOR_IN_PRODUCTION'
  | 'EMULATOR_OPTIONS_INVALID'
  | 'EMULATOR_SEED_INVALID'
  | 'EMULATOR_SEED_UNREADABLE'
  | 'EMULATOR_ADDRESS_TAKEN'
  | 'EMULATOR_CLOSED'
  | 'EMULATOR_NOT_FOUND'
  | 'EMULATOR_USER_UNKNOWN';

/** A rejected request, in the form of Descope's API. */
export class DescopeError extends Error {
  readonly status: number;
  readonly errorCode: string;
  readonly description: string;

  constructor(kind: DescopeErrorKind, message: string) {
    super(message);
    [this.status, this.errorCode, this.description] = KINDS[kind];
  }

  /** Writes the error as the body of a response. */
  toBody(): DescopeErrorBody {
    return {
      errorCode: this.errorCode,
      errorDescription: this.description,
      errorMessage: this.message,
      message: this.message,
    };
  }
}

/** The body of a response to a rejected request. */
interface DescopeErrorBody {
  readonly errorCode: string;
  readonly errorDescription: string;
  readonly errorMessage: string;
  readonly message: string;
}

type DescopeErrorKind = keyof typeof KINDS;

/** Each kind of error with its HTTP status, Descope's code and Descope's description. */
const KINDS = {
  badRequest: [400, 'E011001', 'Request is malformed'],
  missingArguments: [400, 'E011002', 'Missing arguments'],
  invalidArguments: [400, 'E011003', 'Request is invalid'],
  noSuchEndpoint: [404, 'E011001', 'Not found'],
  // Descope documents these two statuses, but not the codes that go with them.
  forbidden: [403, 'E011003', 'Request is not permitted'],
  noConnection: [404, 'E011003', 'Token not found'],
  foreignOrigin: [403, 'E011003', 'Request is invalid'],
  foreignHost: [421, 'E011003', 'Request is invalid'], // RFC 9110 section 15.5.20
  full: [400, 'E011003', 'Request is invalid'],
  tooLarge: [413, 'E011001', 'Request is too large'],
  invalidToken: [401, 'E061005', 'Invalid token'],
  wrongCode: [401, 'E061102', 'Invalid code'],
  tooManyTries: [401, 'E061103', 'Too many tries'],
  userExists: [400, 'E062107', 'User already exists'],
  noSuchUser: [400, 'E062108', 'User not found'],
  wrongPassword: [401, 'E062903', 'Invalid sign-in credentials'],
  passwordExpired: [401, 'E062909', 'Password expired'],
  attributeExists: [400, 'E016002', 'Custom attribute already exists'],
  linkPending: [401, 'E062503', 'Enchanted link is pending'],
  flowNotFound: [400, 'E103205', 'Flow timed out'],
  signedOut: [401, 'E064001', 'Session ended by logout'],
  userNotFound: [400, 'E112102', 'User not found'],
  rateLimited: [429, 'E130429', 'API rate limit exceeded'],
  broken: [500, 'E010000', 'Internal error'],
} as const satisfies Record<string, readonly [number, string, string]>;
