// The settings of the emulated project, which may change while it runs.
import { EmulatorError } from './errors.js';
import { findLibrary, LIBRARY } from './flows/component-library.js';

/** The settings of the emulated project, most of which Descope's console has too. */
export interface EmulatorSettings {
  /**
   * The form of the claim `iss`: the bare project id, or a URL that ends in it.
   *
   * @defaultValue `projectId`
   */
  readonly issuer: 'projectId' | 'url';
  /**
   * The lifetime of a session token, in seconds.
   *
   * @defaultValue 600
   */
  readonly sessionSeconds: number;
  /**
   * The lifetime of a refresh token, in seconds.
   *
   * @defaultValue 2419200 (four weeks)
   */
  readonly refreshSeconds: number;
  /**
   * The lifetime of a one-time code or link, in seconds.
   *
   * @defaultValue 180
   */
  readonly codeSeconds: number;
  /**
   * Whether each refresh issues a new refresh token and rejects the old one.
   *
   * @defaultValue false
   */
  readonly refreshRotation: boolean;
  /**
   * Whether a refresh token that is used again after its rotation ends the whole sign-in.
   *
   * @defaultValue false
   */
  readonly replayEndsSignIn: boolean;
  /**
   * Where responses carry tokens: in the body, or only in cookies.
   *
   * @defaultValue `body`
   */
  readonly responseMode: 'body' | 'cookies';
  /**
   * The name of the session cookie, which is also the claim `drn` of session tokens.
   *
   * @defaultValue `DS`
   */
  readonly sessionCookieName: string;
  /**
   * The name of the refresh cookie, which is also the claim `drn` of refresh tokens.
   *
   * @defaultValue `DSR`
   */
  readonly refreshCookieName: string;
  /**
   * Whether a call with a field that the emulator does not know is rejected. Otherwise the field is ignored, and named
   * in the header `x-emulator-ignored` of the response.
   *
   * @defaultValue false
   */
  readonly strict: boolean;
  /**
   * The name or id of the JWT template for the tokens of users. Empty: the first one of the seed; `default`: none.
   *
   * @defaultValue an empty string
   * @see {@link https://docs.descope.com/project-settings/jwt-templates | JWT Templates}
   */
  readonly userJwtTemplate: string;
  /**
   * The name or id of the JWT template for the tokens of access keys. Empty: the first one of the seed; `default`: none.
   *
   * @defaultValue an empty string
   */
  readonly accessKeyJwtTemplate: string;
  /**
   * What the screens of flows are made of: `plain` HTML, for pages that set `window.DescopeUI`, or Descope's own
   * `components`, which need `@descope/web-components-ui` to be installed.
   *
   * @defaultValue `plain`
   */
  readonly screens: 'plain' | 'components';
  /**
   * Where a DPoP proof needs a nonce of the emulator: at the `token` endpoint, `always` (also at user info), or `never`.
   *
   * @defaultValue `token`
   * @see RFC 9449, section 8
   */
  readonly dpopNonces: 'token' | 'always' | 'never';
}

/** Applies changes to settings; throws `EMULATOR_OPTIONS_INVALID` with all mistakes at once. */
export function changeSettings(
  settings: EmulatorSettings,
  changes: Partial<EmulatorSettings>,
): EmulatorSettings {
  const mistakes = findSettingMistakes(changes);
  if (mistakes.length === 0) return { ...settings, ...withoutAbsent(changes) };
  throw new EmulatorError(
    'EMULATOR_OPTIONS_INVALID',
    `The settings cannot be changed:\n- ${mistakes.join('\n- ')}`,
  );
}

/** Lists what is wrong with settings, one line a mistake. */
export function findSettingMistakes(settings: Partial<EmulatorSettings>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]: [string, unknown]) => {
    if (!Object.hasOwn(CHECKS, name)) return [`${name} is not an option of the emulator`];
    if (value === undefined) return [];
    const [wanted, holds] = CHECKS[name as keyof EmulatorSettings];
    return holds(value) ? [] : [`${name} must be ${wanted}, got ${show(value)}`];
  });
}

/** The settings of a project that sets none. */
export const SETTING_DEFAULTS: EmulatorSettings = {
  issuer: 'projectId',
  sessionSeconds: 600,
  refreshSeconds: 28 * 24 * 60 * 60,
  codeSeconds: 180,
  refreshRotation: false,
  replayEndsSignIn: false,
  responseMode: 'body',
  sessionCookieName: 'DS',
  refreshCookieName: 'DSR',
  strict: false,
  userJwtTemplate: '',
  accessKeyJwtTemplate: '',
  screens: 'plain',
  dpopNonces: 'token',
};

type Check = readonly [wanted: string, holds: (value: unknown) => boolean];

const SECONDS: Check = ['a positive whole number of seconds', (value) => isPositiveInteger(value)];
const FLAG: Check = ['true or false', (value) => typeof value === 'boolean'];
const NAME: Check = ['the name of a JWT template', (value) => typeof value === 'string'];
const COOKIE: Check = [
  'a cookie name',
  (value) => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value),
];

const CHECKS: Readonly<Record<keyof EmulatorSettings, Check>> = {
  issuer: ['projectId or url', (value) => value === 'projectId' || value === 'url'],
  sessionSeconds: SECONDS,
  refreshSeconds: SECONDS,
  codeSeconds: SECONDS,
  refreshRotation: FLAG,
  replayEndsSignIn: FLAG,
  responseMode: ['body or cookies', (value) => value === 'body' || value === 'cookies'],
  sessionCookieName: COOKIE,
  refreshCookieName: COOKIE,
  strict: FLAG,
  userJwtTemplate: NAME,
  accessKeyJwtTemplate: NAME,
  screens: [
    `plain, or components where ${LIBRARY} is installed (npm i -D ${LIBRARY})`,
    (value) => value === 'plain' || (value === 'components' && findLibrary() !== undefined),
  ],
  dpopNonces: [
    'token, always or never',
    (value) => ['token', 'always', 'never'].some((one) => one === value),
  ],
};

function isPositiveInteger(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

/** Leaves out members that are undefined, which count as absent. */
export function withoutAbsent(changes: Partial<EmulatorSettings>): Partial<EmulatorSettings> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

/** Shows a wrong value in a message. */
export function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
