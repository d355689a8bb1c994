// The one error the emulator throws at the person who starts or drives it.

/** What went wrong: with the environment, with the options, with the seed, or with a call of a test. */
export type EmulatorErrorCode =
  | 'EMULATOR_IN_PRODUCTION'
  | 'EMULATOR_OPTIONS_INVALID'
  | 'EMULATOR_SEED_INVALID'
  | 'EMULATOR_SEED_UNREADABLE'
  | 'EMULATOR_ADDRESS_TAKEN'
  | 'EMULATOR_USER_UNKNOWN';

/** Says that the emulator could not start, or was asked for something that it does not have. */
export class EmulatorError extends Error {
  override readonly name = 'EmulatorError';

  constructor(
    readonly code: EmulatorErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}
