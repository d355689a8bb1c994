// The options of the emulator.
import { EmulatorError } from './errors.js';
import type { CallerOptions } from './http/caller-options.js';
import { findCallerMistakes, findHostMistakes, toPublicUrl } from './http/caller-options.js';
import type { CallerRules } from './http/origins.js';
import type { EmulatorSeed } from './seed/seed.js';
import { findWebhookMistakes } from './seed/seed-shape.js';
import type { EmulatorSettings } from './settings.js';
import { findSettingMistakes, SETTING_DEFAULTS, show, withoutAbsent } from './settings.js';
import type { KeyAlgorithm } from './store/key-ring.js';
import type { EmulatorWebhook } from './webhooks/webhook-options.js';

/** The options of `startEmulator`, beside the initial settings of the project. All are optional. */
export interface EmulatorOptions extends CallerOptions, Partial<EmulatorSettings> {
  /**
   * The project id: `P` and 27 or 31 letters or digits.
   *
   * @defaultValue `P2emulator00000000000000000A`
   */
  readonly projectId?: string;
  /**
   * The management key that the project accepts, without whitespace or colons.
   *
   * @defaultValue `K2emulator-management-key`
   */
  readonly managementKey?: string;
  /**
   * The address to listen on: a loopback address, or any other one with `allowRemote`.
   *
   * @defaultValue `127.0.0.1`
   */
  readonly host?: string;
  /**
   * Whether `host` may be an address that other machines reach, as in a container. They can sign in as any user.
   *
   * @defaultValue false
   */
  readonly allowRemote?: boolean;
  /**
   * The port to listen on; 0 takes any free one.
   *
   * @defaultValue 0
   */
  readonly port?: number;
  /**
   * The data to start with, or the path of a JSON file that holds it.
   *
   * @defaultValue an empty project
   */
  readonly seed?: EmulatorSeed | string;
  /**
   * The algorithm of the signing key.
   *
   * @defaultValue `RS256`
   */
  readonly algorithm?: KeyAlgorithm;
  /**
   * The audit webhooks, which are sent what changes in the project and who signs in.
   *
   * @defaultValue those of the seed
   */
  readonly webhooks?: readonly EmulatorWebhook[];
  /**
   * The token that opens the console in a browser: at least 16 letters, digits, hyphens or underscores.
   *
   * @defaultValue a new one at each start, which `consoleUrl` contains
   */
  readonly consoleToken?: string;
}

/** The default of the option `projectId`. */
export const DEFAULT_PROJECT_ID = 'P2emulator00000000000000000A';

/** The default of the option `managementKey`. */
export const DEFAULT_MANAGEMENT_KEY = 'K2emulator-management-key';

/** The options with their defaults. */
export interface ResolvedOptions extends CallerRules {
  readonly projectId: string;
  readonly managementKey: string;
  readonly port: number;
  readonly algorithm: KeyAlgorithm;
  readonly webhooks: readonly EmulatorWebhook[];
  readonly consoleToken: string | undefined;
  readonly settings: EmulatorSettings;
}

/** Checks the options and adds defaults; throws `EMULATOR_OPTIONS_INVALID` with all mistakes at once. */
export function resolveOptions(options: EmulatorOptions): ResolvedOptions {
  const { projectId, managementKey, host, allowRemote, port, algorithm, webhooks, ...others } = options;
  const { publicUrl, allowedHosts, allowedOrigins, seed: _seed, consoleToken, ...settings } = others;
  const resolved = {
    projectId: projectId ?? DEFAULT_PROJECT_ID,
    managementKey: managementKey ?? DEFAULT_MANAGEMENT_KEY,
    host: host ?? '127.0.0.1',
    allowRemote: allowRemote ?? false,
    publicUrl: toPublicUrl(publicUrl),
    allowedHosts: allowedHosts ?? [],
    allowedOrigins: allowedOrigins ?? [],
    port: port ?? 0,
    algorithm: algorithm ?? 'RS256',
    webhooks: webhooks ?? [],
    consoleToken,
    settings: { ...SETTING_DEFAULTS, ...withoutAbsent(settings) },
  };
  const callers = { publicUrl, allowedHosts, allowedOrigins };
  const mistakes = [
    ...findMistakes(resolved),
    ...findCallerMistakes(callers),
    ...findSettingMistakes(settings),
  ];
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
    mistakes.push('managementKey must be a string without whitespace or colons');
  }
  if (options.consoleToken !== undefined && !/^[\w-]{16,}$/.test(options.consoleToken)) {
    mistakes.push(
      'consoleToken must have at least 16 letters, digits, hyphens or underscores, and nothing else',
    );
  }
  mistakes.push(...findHostMistakes(options));
  if (!Number.isInteger(options.port) || options.port < 0 || options.port > 65_535) {
    mistakes.push(`port must be a whole number from 0 to 65535, got ${show(options.port)}`);
  }
  if (!['RS256', 'ES384'].includes(options.algorithm)) {
    mistakes.push(`algorithm must be RS256 or ES384, got ${show(options.algorithm)}`);
  }
  return [...mistakes, ...findWebhookMistakes(options.webhooks)];
}
