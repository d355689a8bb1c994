// The options of the module's registration, static ones and the factory's, and the checks of the static ones.
import type { CanActivate, ConfigurableModuleAsyncOptions, Type } from '@nestjs/common';
import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { OptionOverrides } from '../auth/injection-tokens.js';
import { DESCOPE_OPTIONS, NO_OVERRIDES } from '../auth/injection-tokens.js';
import type { DescopeTransport } from '../auth/transports/transport.js';
import type { ReadBeside } from '../core/config/config.js';
import { mergeOptions } from '../core/config/environment.js';
import type { EventsOptions } from '../core/config/keys.js';
import type { OptionReader } from '../core/config/option-reader.js';
import { describe, STATIC_OPTIONS } from '../core/config/option-reader.js';
import type { DescopeOptions } from '../core/config/options.js';
import { KNOWN_OPTIONS } from '../core/config/options.js';
import { DescopeConfigError } from '../core/errors.js';
import { toReason } from '../core/request-failure.js';
import type { DescopeRoutesOptions } from '../routes/routes.options.js';
import { reportRouteMistakes } from '../routes/routes.options.js';

/** The option `globalGuard` as an object. */
export interface DescopeGlobalGuardOptions {
  /**
   * Registers `AuthGuard` globally. With `false` the application registers it itself, as `APP_GUARD` or by `@UseGuards`.
   * @defaultValue `true`
   */
  readonly register?: boolean | undefined;
  /**
   * The application's own global guards that run before `AuthGuard`, in this order; they see no user. All others run after
   * it.
   * @defaultValue none
   */
  readonly before?: readonly Type<CanActivate>[] | undefined;
}

/** Options that Nest needs when the module is registered. They never come from a factory. */
export interface DescopeModuleExtras {
  /**
   * Makes the providers visible in every module.
   * @defaultValue `true`
   */
  readonly isGlobal?: boolean | undefined;
  /**
   * Runs `AuthGuard` before every handler, and before the application's own global guards except those of `before`. With
   * `false`, only handlers with `@UseGuards(AuthGuard)` are guarded.
   * @defaultValue `true`
   */
  readonly globalGuard?: boolean | DescopeGlobalGuardOptions | undefined;
  /**
   * Mounts the routes of sign-in, refresh and logout under `auth/`; `{}` mounts them with their defaults.
   * @defaultValue no routes
   */
  readonly routes?: DescopeRoutesOptions | undefined;
  /**
   * Receives Descope's events at `POST auth/events`, under `routes.path`, and passes them to `@OnDescopeEvent`. `{}` mounts the
   * route, and the secret then comes from the factory or from `DESCOPE_WEBHOOK_SECRET`. With `false`, handlers of events are
   * never called.
   * @defaultValue none: no route, and the boot refuses handlers of events
   * @see https://docs.descope.com/connectors/connector-configuration-guides/network/audit-webhook
   */
  readonly events?: EventsOptions | false | undefined;
  /**
   * Further types of execution context for the guard and the parameter decorators; one replaces the package's own transport
   * of the same type.
   * @defaultValue none beyond HTTP, GraphQL and WebSockets
   */
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

/** Creates the options, for `forRootAsync({ useClass })` and `useExisting`. */
export interface DescopeOptionsFactory {
  /**
   * Creates the run-time options, once at boot.
   * @returns the options; `{}` if the environment has all of them
   */
  createDescopeOptions(): DescopeOptions | Promise<DescopeOptions>;
}

/** The error of an options factory, kept so that a test that passes its options does not need its environment. */
export class OptionsFailure {
  constructor(readonly error: unknown) {}
}

/**
 * Asserts that a test gives the options of a factory that failed. Without them, the test would run against another application:
 * without its loadUser or audience.
 */
export function assertReplaced({ error }: OptionsFailure, overrides: OptionOverrides): void {
  if (overrides === NO_OVERRIDES) throw error;
  if (overrides.replacesFactory) return;
  const message = `The options factory of DescopeModule.forRootAsync() failed in this test: ${toReason(error)}. Set what it reads, such as an environment variable, in the test. Or pass the options that it would return: createTestDescope().override(builder, { … }), where {} stands for none.`;
  throw Object.assign(new DescopeConfigError('CONFIG_INVALID', message), { cause: error });
}

/** Builds the dynamic modules of `forRoot` and `forRootAsync`, with Nest's builder. */
export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<DescopeOptions>({
  optionsInjectionToken: DESCOPE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createDescopeOptions')
  .setExtras<DescopeModuleExtras>({
    isGlobal: true,
    globalGuard: true,
    routes: undefined,
    events: undefined,
    transports: undefined,
  })
  .build();

// The options of the registration are checked with the run-time options, so that one error lists all mistakes.

const ASYNC_OPTIONS: readonly string[] = [
  'useFactory',
  'useClass',
  'useExisting',
  'inject',
  'imports',
  'provideInjectionTokensFrom',
];

/** The options of the registration, as the resolution of the others needs them. */
export interface StaticOptions {
  /** Reports the mistakes of these options: those of `forRoot`, or of `forRootAsync` itself. */
  readonly report: ReadBeside;
  /** Reads the option `events`, unchecked: a function, so that no log shows the secret in it. */
  readonly readEvents: () => unknown;
}

/** Reads the options of the registration. */
export function toStaticOptions(given: object, isAsync: boolean): StaticOptions {
  const members = given as Readonly<Record<string, unknown>>;
  const report: ReadBeside = (options) => {
    noteSwitch(options, 'isGlobal', members['isGlobal']);
    reportRouteMistakes(options, members['routes']);
    if (isAsync) noteMisplaced(options, Object.keys(given));
  };
  return { report, readEvents: () => members['events'] };
}

function noteSwitch(options: OptionReader, name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  options.mistake(name, describe(value), 'a boolean');
}

// Nest ignores unknown options there.
function noteMisplaced(options: OptionReader, names: readonly string[]): void {
  const known = [...ASYNC_OPTIONS, ...STATIC_OPTIONS];
  for (const name of names.filter((one) => !known.includes(one))) {
    if (KNOWN_OPTIONS.includes(name))
      options.mistake(name, 'a run-time option next to the factory', 'it in the result of the factory');
    else options.mistakeUnknown(name, known, 'forRootAsync()');
  }
}

/**
 * Joins the option `events` of the registration with that of a factory, which may have the secret only. A secret without a route
 * is a mistake, which the returned function reports with the others.
 */
export function joinEvents(
  given: DescopeOptions,
  { report, readEvents }: StaticOptions,
): [DescopeOptions, ReadBeside] {
  const [events, own]: unknown[] = [readEvents(), given.events];
  // By name, because the getters of a class are not own members of its instance.
  const withEvents = (joined: unknown) => mergeOptions({}, given, { events: joined as EventsOptions });
  if (events !== undefined && events !== false)
    return [withEvents(isGroup(events) && isGroup(own) ? { ...events, ...own } : events), report];
  const isUnmounted = own !== undefined && own !== false;
  const noteUnmounted: ReadBeside = (reader) => {
    report(reader);
    if (isUnmounted) reader.mistake('events', 'it in the result of the factory alone', UNMOUNTED);
  };
  return [withEvents(events), noteUnmounted];
}

const UNMOUNTED = 'events: {} in forRootAsync() itself too, next to useFactory, which mounts the route';

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
