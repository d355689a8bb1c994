// The words that the page says itself; those of the screens are the flow's.

/** The page's own words. */
export interface FlowTexts {
  readonly heading: string;
  readonly loading: string;
  readonly finishing: string;
  /** The flow reports an error. */
  readonly failed: string;
  /** The application does not accept the sign-in. */
  readonly refused: string;
  /** Descope or the application cannot be reached. */
  readonly unavailable: string;
  readonly again: string;
  readonly noScript: string;
}

/** The words in English. */
export const DEFAULT_TEXTS: FlowTexts = {
  heading: 'Sign in',
  loading: 'Loading…',
  finishing: 'Signing you in…',
  failed: 'Something went wrong while signing in. Please try again.',
  refused: 'You could not be signed in. Please try again.',
  unavailable: 'Signing in is not possible at the moment. Please try again in a minute.',
  again: 'Try again',
  noScript: 'Please switch JavaScript on to sign in.',
};
