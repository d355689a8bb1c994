// What may also be changed while the emulator runs: lifetimes, cookies and rotation.
import { EmulatorError } from './errors.js';

/** How the emulated project is configured, as one would in Descope's console. */
export interface EmulatorSettings {
  /** The claim `iss`: the bare project id, or a URL that ends in it. Default: `projectId`. */
  readonly issuer: 'projectId' | 'url';
  /** How long a session token lives, in seconds. Default: 600. */
  readonly sessionSeconds: number;
  /** How long a refresh token lives, in seconds. Default: 2419200 (four weeks). */
  readonly refreshSeconds: number;
  /** How long a one-time code or link lives, in seconds. Default: 180. */
  readonly codeSeconds: number;
  /** Whether each refresh hands out a new refresh token and refuses the old one. Default: false. */
  readonly refreshRotation: boolean;
  /** Whether a refresh token shown again after its rotation ends the whole sign-in. Default: false. */
  readonly replayEndsSignIn: boolean;
  /** Where tokens stand in answers: in the body, or in cookies alone. Default: `body`. */
  readonly responseMode: 'body' | 'cookies';
  /** The name of the session cookie, which `drn` carries too. Default: `DS`. */
  readonly sessionCookieName: string;
  /** The name of the refresh cookie, which `drn` carries too. Default: `DSR`. */
  readonly refreshCookieName: string;
}

/** What a project is set to before anybody changes it. */
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
};

type Check = readonly [wanted: string, holds: (value: unknown) => boolean];

const SECONDS: Check = ['a positive whole number of seconds', (value) => isPositiveInteger(value)];
const FLAG: Check = ['true or false', (value) => typeof value === 'boolean'];
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
};

/** Says what is wrong with some settings, one line a mistake. */
export function findSettingMistakes(settings: Partial<EmulatorSettings>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]: [string, unknown]) => {
    if (!Object.hasOwn(CHECKS, name)) return [`${name} is not an option of the emulator`];
    if (value === undefined) return [];
    const [wanted, holds] = CHECKS[name as keyof EmulatorSettings];
    return holds(value) ? [] : [`${name} must be ${wanted}, got ${JSON.stringify(value) ?? String(value)}`];
  });
}

/** The settings after some changes; throws `EMULATOR_OPTIONS_INVALID` when a change is not possible. */
export function changeSettings(
  settings: EmulatorSettings,
  changes: Partial<EmulatorSettings>,
): EmulatorSettings {
  const mistakes = findSettingMistakes(changes);
  if (mistakes.length === 0) return { ...settings, ...withoutAbsent(changes) };
  throw new EmulatorError(
    'EMULATOR_OPTIONS_INVALID',
    `The change is not possible:\n- ${mistakes.join('\n- ')}`,
  );
}

/** The settings that are set: undefined is as good as left out. */
export function withoutAbsent(changes: Partial<EmulatorSettings>): Partial<EmulatorSettings> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

function isPositiveInteger(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
