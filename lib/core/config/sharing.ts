// The options of what several instances share: a store, a channel for revocations, and how long what they heard counts.
import type { RevocationChannel } from '../channel/channel.js';
import type { WhenIsolated } from '../channel/hearing.js';
import type { GivenStore, KeyValueStore } from '../store/key-value-store.js';
import { findStoreMistake, toKeyValueStore } from '../store/store-shape.js';
import type { Check, OptionReader, OptionTable, ValuesOf } from './option-reader.js';
import { describe, isFunction, readDefaults, toNumberRule, toOptionalRule, toRule } from './option-reader.js';

const MAX_ACCEPT_MS = 3_600_000;

/** What the instances of an application share. */
export interface SharedOptions {
  /**
   * A store for the results of refreshes and exchanges, which are encrypted, and without a channel also for sign-outs.
   * While it cannot be reached without a channel, requests with a token get 503.
   * @defaultValue the store of the channel, if it has one
   */
  readonly store?: GivenStore | undefined;
  /**
   * A channel that carries revocations to every instance, such as `redisChannel(client)` of `nestjs-descope/redis`.
   * With it no request asks a store, and a token that is signed out at one instance is rejected by all within a second.
   * @defaultValue none: sign-outs are read from the store
   */
  readonly channel?: RevocationChannel | undefined;
  /**
   * How long an answer of the store about a session counts, in milliseconds from 0 to 60 000: a session asks at most once
   * in this time. It has no effect with a channel.
   * @defaultValue `1_000`
   */
  readonly maxStaleMs?: number | undefined;
  /**
   * How long an instance may hear nothing from the channel until it counts as isolated, in milliseconds from 500 to
   * 60 000.
   * @defaultValue `2_000`
   */
  readonly maxSilenceMs?: number | undefined;
  /**
   * What an isolated instance does: `'reject'` responds to tokens with 503; `{ acceptForMs }` accepts them by what it has
   * heard, for so many milliseconds from 0 to 3 600 000, and responds with 503 after that.
   * @defaultValue `{ acceptForMs: 30_000 }`
   */
  readonly whenIsolated?: WhenIsolated | undefined;
}

/** The config of what instances share. */
export interface SharedConfig {
  readonly store: KeyValueStore | undefined;
  readonly channel: RevocationChannel | undefined;
  readonly maxStaleMs: number;
  readonly maxSilenceMs: number;
  readonly whenIsolated: WhenIsolated;
}

const isObject: Check<object> = (value): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isChannel: Check<RevocationChannel> = (value): value is RevocationChannel =>
  isObject(value) && 'open' in value && isFunction(value.open);

const isWhenIsolated: Check<WhenIsolated> = (value): value is WhenIsolated => {
  if (value === 'reject') return true;
  if (!isObject(value) || Object.keys(value).join() !== 'acceptForMs') return false;
  const { acceptForMs } = value as { readonly acceptForMs: unknown };
  return typeof acceptForMs === 'number' && acceptForMs >= 0 && acceptForMs <= MAX_ACCEPT_MS;
};

export const SHARED = {
  store: toOptionalRule('an object', isObject as Check<GivenStore>),
  channel: toOptionalRule('a channel, such as redisChannel(client) of nestjs-descope/redis', isChannel),
  maxStaleMs: toNumberRule({ least: 0, most: 60_000, default: 1_000 }),
  maxSilenceMs: toNumberRule({ least: 500, most: 60_000, default: 2_000 }),
  whenIsolated: toRule<WhenIsolated>(`'reject' or { acceptForMs: 0 to ${MAX_ACCEPT_MS} }`, isWhenIsolated, {
    acceptForMs: 30_000,
  }),
} satisfies OptionTable<SharedOptions>;

/** Creates the config of what instances share. Without the option `shared` they share nothing. */
export function toSharedConfig(
  values: ValuesOf<typeof SHARED> | undefined,
  given: SharedOptions | false | null | undefined,
  options: OptionReader,
): SharedConfig {
  const config = values ?? readDefaults(SHARED);
  if (values === undefined) return { ...config, store: undefined, channel: undefined };
  reportUseless(values, given || {}, options);
  return { ...config, channel: values.channel, store: toStore(values, options) };
}

// An option without effect would promise something that does not happen.
function reportUseless(
  { store, channel }: ValuesOf<typeof SHARED>,
  given: SharedOptions,
  options: OptionReader,
): void {
  if (
    store === undefined &&
    channel === undefined &&
    given.store === undefined &&
    given.channel === undefined
  )
    options.mistake('shared', 'neither a store nor a channel', 'at least one of them, or no shared at all');
  if (channel !== undefined && given.maxStaleMs !== undefined)
    options.mistake(
      'shared.maxStaleMs',
      'a limit together with a channel, which needs none: it is heard, and no request asks the store',
      'no maxStaleMs, or no channel',
    );
  if (given.channel !== undefined) return;
  for (const name of ['maxSilenceMs', 'whenIsolated'] as const)
    if (given[name] !== undefined)
      options.mistake(
        `shared.${name}`,
        `${describe(given[name])} without a channel, which has no effect`,
        'it together with shared.channel, such as redisChannel(client)',
      );
}

function toStore(
  { store, channel }: ValuesOf<typeof SHARED>,
  options: OptionReader,
): KeyValueStore | undefined {
  const [given, name] = store === undefined ? [channel?.store, 'channel.store'] : [store, 'store'];
  if (given === undefined) return undefined;
  const mistake = findStoreMistake(given);
  if (mistake === undefined) return toKeyValueStore(given);
  options.mistake(`shared.${name}`, mistake.got, mistake.wants);
  return undefined;
}
