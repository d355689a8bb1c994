// How this package is, for a health check: plain objects as @nestjs/terminus takes them, and nothing of Terminus itself.
import { Inject, Injectable } from '@nestjs/common';
import type { KeyHealth } from '../core/token/key-set.js';
import { LateServices } from './late-services.js';

/** What a health check says; Terminus puts it under `info` while it is `up`, and under `error` when it is `down`. */
export interface DescopeHealth {
  readonly status: 'up' | 'down';
  /** Whether it works on stale keys: they could not be refreshed, and will be too old in a while. */
  readonly degraded: boolean;
  /** Keys in memory. */
  readonly keyCount: number;
  /** Seconds since the keys were fetched; left out where none were: before the first fetch, and with fixed keys. */
  readonly keyAgeSeconds?: number;
  /** What is wrong; left out where nothing is. */
  readonly code?: 'KEYS_STALE' | 'KEYS_UNAVAILABLE';
}

/** How a health check judges. */
export interface DescopeHealthOptions {
  /** What stale keys count as. Default: `'up'`, because requests are answered. */
  readonly whenStale?: 'up' | 'down';
}

/**
 * Tells whether tokens can be judged: `up`, `up` and `degraded` on stale keys, `down` without usable ones.
 * @example `health.check([() => descope.isHealthy('descope')])` // with the HealthCheckService of @nestjs/terminus
 */
@Injectable()
export class DescopeHealthIndicator {
  @Inject(LateServices) private readonly services!: LateServices;

  /**
   * Checks the keys; never rejects. It asks Descope for them no more often than requests would, and waits only where a
   * request would: at most for one fetch (`keyFetch.timeoutMs`).
   */
  async isHealthy<Key extends string = 'descope'>(
    key: Key = 'descope' as Key,
    options: DescopeHealthOptions = {},
  ): Promise<Record<Key, DescopeHealth>> {
    const { keys } = await this.services.find();
    const health = toHealth(await keys.checkHealth(), options.whenStale ?? 'up');
    return { [key]: health } as Record<Key, DescopeHealth>;
  }
}

function toHealth({ state, keyCount, keyAgeMs }: KeyHealth, whenStale: 'up' | 'down'): DescopeHealth {
  const age = keyAgeMs === undefined ? {} : { keyAgeSeconds: Math.round(keyAgeMs / 1000) };
  const degraded = state === 'stale';
  if (state === 'usable') return { status: 'up', degraded, keyCount, ...age };
  if (state === 'stale') return { status: whenStale, degraded, keyCount, ...age, code: 'KEYS_STALE' };
  return { status: 'down', degraded, keyCount, ...age, code: 'KEYS_UNAVAILABLE' };
}
