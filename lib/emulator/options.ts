// What somebody may set about the emulator: read, checked and defaulted.
import { isIP } from 'node:net';
import { EmulatorError } from './errors.js';
import type { EmulatorSeed } from './seed/seed.js';
import type { KeyAlgorithm } from './tokens/key-ring.js';

/** How to start the emulator; everything has a default. */
export interface EmulatorOptions extends Partial<EmulatorSettings> {
  /** `P` and 27 or 31 letters or digits. Default: `P2emulator00000000000000000A`. */
  readonly projectId?: string;
  /** The key that management calls must show. Default: `K2emulator-management-key`. */
  readonly managementKey?: string;
  /** The address to listen on, loopback only. Default: `127.0.0.1`. */
  readonly host?: string;
  /** The port to listen on. Default: 0, any free one. */
  readonly port?: number;
  /** The data to start with, or the path of a JSON file that holds it. Default: nothing. */
  readonly seed?: EmulatorSeed | string;
  /** How tokens are signed. Default: `RS256`. */
  readonly algorithm?: KeyAlgorithm;
}

/** The options after defaults. */
export interface ResolvedOptions {
  readonly projectId: string;
  readonly managementKey: string;
  readonly host: string;
  readonly port: number;
  readonly algorithm: KeyAlgorithm;
  readonly settings: EmulatorSettings;
}

/** The project that the emulator plays when none is named. */
export const DEFAULT_PROJECT_ID = 'P2emulator00000000000000000A';

/** The management key that it expects when none is named. */
export const DEFAULT_MANAGEMENT_KEY = 'K2emulator-management-key';

/** Checks and defaults the options; throws `EMULATOR_OPTIONS_INVALID` with all mistakes at once. */
export function resolveOptions(options: EmulatorOptions): ResolvedOptions {
  const { projectId, managementKey, host, port, algorithm, seed: _seed, ...settings } = options;
  const resolved = {
    projectId: projectId ?? DEFAULT_PROJECT_ID,
    managementKey: managementKey ?? DEFAULT_MANAGEMENT_KEY,
    host: host ?? '127.0.0.1',
    port: port ?? 0,
    algorithm: algorithm ?? 'RS256',
    settings: { ...SETTING_DEFAULTS, ...withoutAbsent(settings) },
  };
  const mistakes = [...findMistakes(resolved), ...findSettingMistakes(settings)];
  if (mistakes.length > 0) {
    throw new EmulatorError(
      'EMULATOR_OPTIONS_INVALID',
      `The emulator cannot start:\n- ${mistakes.join('\n- ')}`,
    );
  }
  return resolved;
}

function findMistakes(options: ResolvedOptions): readonly string[] {
  const mistakes: string[] = [];
  if (!/^P([a-zA-Z0-9]{27}|[a-zA-Z0-9]{31})$/.test(options.projectId)) {
    mistakes.push(`projectId must be P and 27 or 31 letters or digits, got ${show(options.projectId)}`);
  }
  if (!/^[^\s:]+$/.test(options.managementKey)) {
    mistakes.push('managementKey must be text without blanks and colons');
  }
  if (!isLoopback(options.host)) {
    mistakes.push(
      `host must be a loopback address (127.0.0.1, ::1 or localhost), got ${show(options.host)}: ` +
        'anyone who reaches the emulator can sign in as anybody',
    );
  }
  if (!Number.isInteger(options.port) || options.port < 0 || options.port > 65_535) {
    mistakes.push(`port must be a whole number from 0 to 65535, got ${show(options.port)}`);
  }
  if (!['RS256', 'ES384'].includes(options.algorithm)) {
    mistakes.push(`algorithm must be RS256 or ES384, got ${show(options.algorithm)}`);
  }
  return mistakes;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

// What may also be changed while the emulator runs: lifetimes, cookies and rotation.

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
  /** Whether each refresh hands out a new refresh token and rejects the old one. Default: false. */
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
