// What the server passes to the login page's script.

/** The argument of the script, written into the page as JSON. */
export interface FlowPage {
  /** The script of the web component. */
  readonly scriptUrl: string;
  readonly integrity?: string | undefined;
  /** Where the tokens are posted. */
  readonly storeUrl: string;
  readonly successRedirect: string;
  /** Whether the screens are plain HTML, for which no UI library is loaded. */
  readonly isStrict: boolean;
  /** Whether light or dark follows the system. */
  readonly isSystemTheme: boolean;
  /** How long the first screen may take. */
  readonly patienceMs: number;
  readonly texts: Readonly<Record<'loading' | 'finishing' | 'failed' | 'rejected' | 'unavailable', string>>;
}
