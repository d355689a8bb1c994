// The health check: plain objects in the form of @nestjs/terminus, without importing it.
import { Inject, Injectable } from '@nestjs/common';
import { isConfidential } from '../core/http/base-url.js';
import type { KeyHealth } from '../core/token/key-set.js';
import { LateServices } from './late-services.js';

/** The result of a health check. `@nestjs/terminus` reports it under `info` if it is `up`, and under `error` if not. */
export interface DescopeHealth {
  /** `up` if tokens can be verified; with stale keys the value of `whenStale`. */
  readonly status: 'up' | 'down';
  /** Whether the keys are stale: still usable, but the last refresh failed. */
  readonly degraded: boolean;
  /** The number of keys in memory. */
  readonly keyCount: number;
  /** Seconds since the keys were fetched; absent before the first fetch, and with fixed keys. */
  readonly keyAgeSeconds?: number;
  /** What is wrong; absent if nothing is. */
  readonly code?: 'KEYS_STALE' | 'KEYS_UNAVAILABLE';
  /** What is allowed and yet unsafe: the base URL is plain http outside loopback. Left out where nothing is. */
  readonly warning?: 'BASE_URL_INSECURE';
}

/** Options of `DescopeHealthIndicator.isHealthy`. */
export interface DescopeHealthOptions {
  /**
   * The status with stale keys, with which requests are still authenticated.
   * @defaultValue `'up'`
   */
  readonly whenStale?: 'up' | 'down';
}

/**
 * Checks whether tokens can be verified, for a health check: `up`, `up` and `degraded` with stale keys, `down` without usable
 * keys. It works with the `HealthCheckService` of `@nestjs/terminus`.
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
    const { keys, config } = await this.services.find();
    const health = toHealth(await keys.checkHealth(), options.whenStale ?? 'up');
    const warning = isConfidential(config.baseUrl) ? {} : { warning: 'BASE_URL_INSECURE' };
    return { [key]: { ...health, ...warning } } as Record<Key, DescopeHealth>;
  }
}

function toHealth({ state, keyCount, keyAgeMs }: KeyHealth, whenStale: 'up' | 'down'): DescopeHealth {
  const age = keyAgeMs === undefined ? {} : { keyAgeSeconds: Math.round(keyAgeMs / 1000) };
  const degraded = state === 'stale';
  if (state === 'usable') return { status: 'up', degraded, keyCount, ...age };
  if (state === 'stale') return { status: whenStale, degraded, keyCount, ...age, code: 'KEYS_STALE' };
  return { status: 'down', degraded, keyCount, ...age, code: 'KEYS_UNAVAILABLE' };
}
