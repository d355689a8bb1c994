// What somebody may set about the emulator: read, checked and defaulted.
import { isIP } from 'node:net';
import type { EmulatorSeed } from '../seed/seed.js';
import type { KeyAlgorithm } from '../tokens/key-ring.js';
import { EmulatorError } from './errors.js';
import { SETTING_DEFAULTS, findSettingMistakes, withoutAbsent } from './settings.js';
import type { EmulatorSettings } from './settings.js';

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
        'whoever reaches the emulator can sign in as anybody',
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
