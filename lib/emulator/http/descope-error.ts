// Errors as Descope's API words them.

const KINDS = {
  badRequest: [400, 'E011001', 'Request is malformed'],
  missingArguments: [400, 'E011002', 'Missing arguments'],
  invalidArguments: [400, 'E011003', 'Request is invalid'],
  noSuchEndpoint: [404, 'E011001', 'Not found'],
  tooLarge: [413, 'E011001', 'Request is too large'],
  invalidToken: [401, 'E061005', 'Invalid token'],
  wrongCode: [401, 'E061102', 'Invalid code'],
  tooManyTries: [401, 'E061103', 'Too many tries'],
  userExists: [400, 'E062107', 'User already exists'],
  noSuchUser: [400, 'E062108', 'User not found'],
  wrongPassword: [401, 'E062903', 'Invalid sign-in credentials'],
  passwordExpired: [401, 'E062909', 'Password expired'],
  linkPending: [401, 'E062503', 'Enchanted link is pending'],
  flowNotFound: [400, 'E103205', 'Flow timed out'],
  signedOut: [401, 'E064001', 'Session ended by logout'],
  userNotFound: [400, 'E112102', 'User not found'],
  rateLimited: [429, 'E130429', 'API rate limit exceeded'],
  broken: [500, 'E010000', 'Internal error'],
} as const satisfies Record<string, readonly [number, string, string]>;

/** The causes the emulator knows, each with its HTTP status, its code and its description. */
export type DescopeErrorKind = keyof typeof KINDS;

/** What a client finds in the body of a refusal. */
export interface DescopeErrorBody {
  readonly errorCode: string;
  readonly errorDescription: string;
  readonly errorMessage: string;
  readonly message: string;
}

/** A refusal on its way to the client. */
export class DescopeError extends Error {
  readonly status: number;
  readonly errorCode: string;
  readonly description: string;

  constructor(kind: DescopeErrorKind, message: string) {
    super(message);
    [this.status, this.errorCode, this.description] = KINDS[kind];
  }

  /** The same refusal as the body of an answer. */
  toBody(): DescopeErrorBody {
    return {
      errorCode: this.errorCode,
      errorDescription: this.description,
      errorMessage: this.message,
      message: this.message,
    };
  }
}
