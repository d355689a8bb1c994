// What people write when they register the module: static extras here, run-time options from core.
import type { CanActivate, ConfigurableModuleAsyncOptions, Type } from '@nestjs/common';
import { ConfigurableModuleBuilder } from '@nestjs/common';
import { DESCOPE_OPTIONS } from '../auth/injection-tokens.js';
import type { DescopeTransport } from '../auth/transports/transport.js';
import type { ReadBeside } from '../core/config/config.js';
import type { OptionReader } from '../core/config/option-reader.js';
import { describe, STATIC_OPTIONS } from '../core/config/option-reader.js';
import type { DescopeOptions } from '../core/config/options.js';
import { KNOWN_OPTIONS } from '../core/config/options.js';
import type { DescopeRoutesOptions } from '../routes/routes.options.js';
import { reportRouteMistakes } from '../routes/routes.options.js';

/** What the option `globalGuard` may be told beyond on and off. */
export interface DescopeGlobalGuardOptions {
  /**
   * Whether the module registers `AuthGuard` itself. `false` leaves it to the application, as `APP_GUARD` or by
   * `@UseGuards`.
   * @defaultValue `true`
   */
  readonly register?: boolean | undefined;
  /**
   * The application's own global guards that run before `AuthGuard`, in this order, and see no user. All others run
   * after it.
   * @defaultValue none
   */
  readonly before?: readonly Type<CanActivate>[] | undefined;
}

/** Options that shape the module itself, so they are known at registration and never come from a factory. */
export interface DescopeModuleExtras {
  /** Makes the providers visible everywhere. Default: `true`. */
  readonly isGlobal?: boolean | undefined;
  /**
   * Puts `AuthGuard` before every handler, and before the application's own global guards but those listed in `before`.
   * Only an explicit `false` leaves it to `@UseGuards(AuthGuard)`.
   * @defaultValue `true`
   */
  readonly globalGuard?: boolean | DescopeGlobalGuardOptions | undefined;
  /** Mounts the `auth/` routes. Default: none. */
  readonly routes?: DescopeRoutesOptions | undefined;
  /** Teaches the guard further kinds of execution context, and the decorators of this application with it. Default: none. */
  readonly transports?: readonly DescopeTransport[] | undefined;
}

/** Options of `DescopeModule.forRoot()`. */
export type DescopeModuleOptions = DescopeOptions & DescopeModuleExtras;

/** Options of `DescopeModule.forRootAsync()`. */
export type DescopeModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  DescopeOptions,
  'createDescopeOptions'
> &
  DescopeModuleExtras;

/** Makes the options, for `forRootAsync({ useClass })` and `useExisting`. */
export interface DescopeOptionsFactory {
  createDescopeOptions(): DescopeOptions | Promise<DescopeOptions>;
}

/** What an options factory threw; kept, so that a test's overrides can do without the factory's environment. */
export class OptionsFailure {
  constructor(readonly error: unknown) {}
}

/** Merges options: the environment's first, then the explicit ones, then overrides. What is `undefined` decides nothing. */
export function mergeOptions(
  environment: DescopeOptions,
  explicit: DescopeOptions,
  overrides: DescopeOptions,
): DescopeOptions {
  const hasKeys = explicit.keys !== undefined || explicit.publicKey !== undefined;
  const fallback = hasKeys ? { ...environment, publicKey: undefined } : environment;
  return { ...defined(fallback), ...defined(explicit), ...defined(overrides) };
}

// By name, because a class's getters are no members of its instance, and an option must not get lost in silence.
function defined(options: DescopeOptions): DescopeOptions {
  const names = new Set([...KNOWN_OPTIONS, ...Object.keys(options)]);
  const entries = [...names].map((name) => [name, options[name as keyof DescopeOptions]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Makes the dynamic modules of `forRoot` and `forRootAsync`, as Nest's builder does. */
export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<DescopeOptions>({
  optionsInjectionToken: DESCOPE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createDescopeOptions')
  .setExtras<DescopeModuleExtras>({
    isGlobal: true,
    globalGuard: true,
    routes: undefined,
    transports: undefined,
  })
  .build();

// The options that are known at registration: checked with the run-time ones, so that all mistakes are told at once.

const ASYNC_OPTIONS: readonly string[] = [
  'useFactory',
  'useClass',
  'useExisting',
  'inject',
  'imports',
  'provideInjectionTokensFrom',
];

/** Makes what notes the mistakes of static options: those of `forRoot`, or of `forRootAsync` itself. */
export function toStaticReader(given: object, isAsync: boolean): ReadBeside {
  const members = given as Readonly<Record<string, unknown>>;
  return (options) => {
    noteSwitch(options, 'isGlobal', members['isGlobal']);
    reportRouteMistakes(options, members['routes']);
    if (isAsync) noteMisplaced(options, Object.keys(given));
  };
}

function noteSwitch(options: OptionReader, name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  options.mistake(name, describe(value), 'a boolean');
}

// Nest takes no notice of what it does not know there.
function noteMisplaced(options: OptionReader, names: readonly string[]): void {
  const known = [...ASYNC_OPTIONS, ...STATIC_OPTIONS];
  for (const name of names.filter((one) => !known.includes(one))) {
    if (KNOWN_OPTIONS.includes(name))
      options.mistake(name, 'a run-time option beside the factory', 'its place in what the factory gives');
    else options.mistake(name, 'an unknown option of forRootAsync', `one of ${known.join(', ')}`);
  }
}
