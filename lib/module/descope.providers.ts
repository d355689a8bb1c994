// Resolved config → core objects, one factory each.
import { Logger } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import {
  DESCOPE_AUTHENTICATOR,
  DESCOPE_CLIENT,
  DESCOPE_CONFIG,
  DESCOPE_KEY_SET,
  DESCOPE_OPTIONS,
  DESCOPE_NOTIFY,
  DESCOPE_OVERRIDES,
  DESCOPE_RELATIONS,
  DESCOPE_SESSIONS,
  DESCOPE_STATIC,
} from '../auth/injection-tokens.js';
import { RelationCheck } from '../auth/rules/relation-check.js';
import { fetchKeys } from '../core/api/fetch-keys.js';
import { resolveConfig } from '../core/config/config.js';
import type { DescopeConfig, ReadBeside } from '../core/config/config.js';
import type { DescopeOptions } from '../core/config/options.js';
import { createLimitedNotify } from '../core/notice.js';
import type { Notify } from '../core/notice.js';
import { toReason } from '../core/reason.js';
import { StaticKeySet } from '../core/keys/key-set.js';
import type { KeySet } from '../core/keys/key-set.js';
import { RemoteKeySet } from '../core/keys/remote-key-set.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { Sessions } from '../core/session/sessions.js';
import { createDescopeClient, readLastFailure } from './descope.client.js';
import type { DescopeClient } from '../auth/injection-tokens.js';
import { isProduction, readEnvironment } from './descope.env.js';
import { LateServices } from './late-services.js';
import { OptionsFailure, mergeOptions } from './descope.options.js';

/** What `forRoot` and `forRootAsync` provide beside the options. */
export const descopeProviders: Provider[] = [
  { provide: DESCOPE_OVERRIDES, useValue: {} },
  {
    provide: DESCOPE_CONFIG,
    inject: [DESCOPE_OPTIONS, ConfigService, DESCOPE_OVERRIDES, DESCOPE_STATIC, LateServices],
    useFactory: createConfig,
  },
  { provide: DESCOPE_NOTIFY, inject: [DESCOPE_CONFIG], useFactory: createNotify },
  { provide: DESCOPE_KEY_SET, inject: [DESCOPE_CONFIG, DESCOPE_NOTIFY], useFactory: createKeySet },
  { provide: DESCOPE_CLIENT, inject: [LateServices], useFactory: createDescopeClient },
  {
    provide: DESCOPE_RELATIONS,
    inject: [DESCOPE_CLIENT, DESCOPE_CONFIG, DESCOPE_NOTIFY],
    useFactory: createRelationCheck,
  },
  LateServices,
  {
    provide: 'nestjs-descope:services',
    inject: [LateServices, DESCOPE_CONFIG, DESCOPE_AUTHENTICATOR, DESCOPE_KEY_SET, DESCOPE_SESSIONS],
    useFactory: provideServices,
  },
];

type Options = DescopeOptions | OptionsFailure;
type ConfigSources = readonly [Options, ConfigService, overrides: DescopeOptions, ReadBeside];
type ConfigParts = readonly [...ConfigSources, LateServices];

function createConfig(
  ...[options, environment, overrides, readStatic, services]: ConfigParts
): DescopeConfig {
  try {
    return toConfig(options, environment, overrides, readStatic);
  } catch (error) {
    services.fail(error);
    throw error;
  }
}

function toConfig(...[options, environment, overrides, readStatic]: ConfigSources): DescopeConfig {
  const isOverridden = Object.keys(overrides).length > 0;
  if (options instanceof OptionsFailure) noteFailure(options, isOverridden);
  const explicit = options instanceof OptionsFailure ? {} : options;
  const merged = mergeOptions(readEnvironment(environment), explicit, overrides);
  return resolveConfig(merged, isProduction(environment), readStatic);
}

// Only a test overrides options, and it must see that those of the factory are not in force.
function noteFailure({ error }: OptionsFailure, isOverridden: boolean): void {
  if (!isOverridden) throw error;
  new Logger('Descope').error(
    `The options factory threw (${toReason(error)}), so this test runs without its options.`,
  );
}

// One line, and one text that opens with the code: an object would fill several lines of Nest's own logger.
function createNotify({ clock, projectId }: DescopeConfig): Notify {
  const logger = new Logger('Descope');
  const write: Notify = ({ code, level, message }) => logger[level](`${code}: ${message}`);
  return createLimitedNotify(Object.assign(write, { projectId }), clock);
}

function createKeySet(config: DescopeConfig, notify: Notify): KeySet {
  if (config.keys !== undefined) return new StaticKeySet(config.keys);
  const { baseUrl, projectId, fetch, keyFetch, clock } = config;
  const request = { baseUrl, projectId, fetch, timeoutMs: keyFetch.timeoutMs };
  const load = (signal: AbortSignal) => fetchKeys(request, signal);
  return new RemoteKeySet({ load, url: baseUrl, policy: keyFetch, clock, notify });
}

type ServiceParts = readonly [LateServices, DescopeConfig, Authenticator, KeySet, Sessions];

function provideServices(...[late, config, authenticator, keys, sessions]: ServiceParts): void {
  late.provide({ config, authenticator, keys, sessions });
}

function createRelationCheck(client: DescopeClient, config: DescopeConfig, notify: Notify): RelationCheck {
  const { baseUrl, fgaCacheUrl: cacheUrl, keyFetch } = config;
  const readFailure = () => readLastFailure(config);
  return new RelationCheck({ client, timeoutMs: keyFetch.timeoutMs, notify, baseUrl, cacheUrl, readFailure });
}
