// The health check: plain objects in the form of @nestjs/terminus, without importing it.
import { Inject, Injectable } from '@nestjs/common';
import { isConfidential } from '../core/http/base-url.js';
import type { SharingHealth } from '../core/revocation/sharing.js';
import type { KeyHealth } from '../core/token/key-set.js';
import { LateServices } from './late-services.js';

/** The result of a health check. `@nestjs/terminus` reports it under `info` if it is `up`, and under `error` if not. */
export interface DescopeHealth {
  /** `up` if tokens can be verified; the value of `whenStale` if the result is `degraded`. */
  readonly status: 'up' | 'down';
  /**
   * Whether tokens are verified by knowledge that is not current: the keys are usable, but the last refresh failed; or the
   * instance hears nothing from `shared.channel`, and still accepts tokens by what it heard before.
   */
  readonly degraded: boolean;
  /** The number of keys in memory. */
  readonly keyCount: number;
  /** Seconds since the keys were fetched; absent before the first fetch, and with fixed keys. */
  readonly keyAgeSeconds?: number;
  /** Milliseconds since this instance heard all revocations; only with `shared.channel`, and absent before the first time. */
  readonly channelSilentMs?: number;
  /** What is wrong; absent if nothing is. */
  readonly code?: 'KEYS_STALE' | 'KEYS_UNAVAILABLE' | 'CHANNEL_SILENT' | 'SIGN_OUTS_UNAVAILABLE';
  /** What is allowed and yet unsafe: the base URL is plain http outside loopback. Left out where nothing is. */
  readonly warning?: 'BASE_URL_INSECURE';
}

/** Options of `DescopeHealthIndicator.isHealthy`. */
export interface DescopeHealthOptions {
  /**
   * The status of a degraded result, with which requests are still authenticated.
   * @defaultValue `'up'`
   */
  readonly whenStale?: 'up' | 'down';
}

/**
 * Checks whether tokens can be verified, for a health check: `up`; `up` and `degraded` with stale keys or a silent channel;
 * `down` without usable keys, or without the revocations of the channel. It works with the `HealthCheckService` of `@nestjs/terminus`.
 * @example `health.check([() => descope.isHealthy('descope')])`
 */
@Injectable()
export class DescopeHealthIndicator {
  @Inject(LateServices) private readonly services!: LateServices;

  /**
   * Checks the keys. It fetches them no more often than requests do, and waits at most for one fetch (`keyFetch.timeoutMs`).
   * An outage is a result, not an error.
   * @param key the name in the result
   * @returns the result under that name
   * @throws {DescopeConfigError} CONFIG_OPTIONS_CIRCULAR when the options of the module wait for this call
   */
  async isHealthy<Key extends string = 'descope'>(
    key: Key = 'descope' as Key,
    options: DescopeHealthOptions = {},
  ): Promise<Record<Key, DescopeHealth>> {
    const { keys, config, sessions } = await this.services.find();
    const sharing = sessions.revocations.sharing?.readHealth?.();
    const health = toHealth(await keys.checkHealth(), sharing, options.whenStale ?? 'up');
    const warning = isConfidential(config.baseUrl) ? {} : { warning: 'BASE_URL_INSECURE' };
    return { [key]: { ...health, ...warning } } as Record<Key, DescopeHealth>;
  }
}

function toHealth(
  { state, keyCount, keyAgeMs }: KeyHealth,
  sharing: SharingHealth | undefined,
  whenStale: 'up' | 'down',
): DescopeHealth {
  const code = CODES.find(
    (one) => one === KEY_CODES[state] || one === CHANNEL_CODES[sharing?.state ?? 'hearing'],
  );
  const degraded = code === 'KEYS_STALE' || code === 'CHANNEL_SILENT';
  return {
    status: code === undefined ? 'up' : degraded ? whenStale : 'down',
    degraded,
    keyCount,
    ...(keyAgeMs !== undefined && { keyAgeSeconds: Math.round(keyAgeMs / 1000) }),
    ...(sharing?.silentMs !== undefined && { channelSilentMs: sharing.silentMs }),
    ...(code !== undefined && { code }),
  };
}

// The worst first.
const CODES = ['KEYS_UNAVAILABLE', 'SIGN_OUTS_UNAVAILABLE', 'KEYS_STALE', 'CHANNEL_SILENT'] as const;
const KEY_CODES = { usable: undefined, stale: 'KEYS_STALE', none: 'KEYS_UNAVAILABLE' } as const;
const CHANNEL_CODES = {
  starting: 'SIGN_OUTS_UNAVAILABLE',
  hearing: undefined,
  isolated: 'CHANNEL_SILENT',
  rejecting: 'SIGN_OUTS_UNAVAILABLE',
} as const;
