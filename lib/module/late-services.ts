// The injectable services before the options are resolved, and under the classes of other copies of the package.
import type { Provider, Type } from '@nestjs/common';
import { Injectable, Logger } from '@nestjs/common';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeConfigError } from '../core/errors.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { Sessions } from '../core/session/auto-refresh.js';
import type { KeySet } from '../core/token/key-set.js';

/** The parts that are created from the options. */
export interface Services {
  readonly config: DescopeConfig;
  readonly authenticator: Authenticator;
  readonly keys: KeySet;
  readonly sessions: Sessions;
}

const PATIENCE_MS = 10_000;

/**
 * Provides the services once the options are resolved. A factory of options (`forRootAsync`) may inject `DescopeService` or
 * the Descope client, which `loadUser` uses later. If their creation waited for the options, and the options for them, Nest
 * would wait for ever.
 */
@Injectable()
export class LateServices {
  #services: Services | undefined;
  #early: EarlyCalls | undefined;

  /**
   * Finds the services; synchronous after the boot.
   * @throws {DescopeConfigError} CONFIG_OPTIONS_CIRCULAR when the options wait for the result
   */
  find(): MaybePromise<Services> {
    if (this.#services !== undefined) return this.#services;
    this.#early ??= new EarlyCalls();
    return this.#early.services;
  }

  /** Sets the services, and resolves the calls that waited for them during the boot. */
  provide(services: Services): void {
    this.#services = services;
    this.#early?.serve(services);
  }

  /** Ends the calls that wait with the error for which there are no services. */
  fail(error: unknown): void {
    this.#early?.reject(error);
  }
}

// The calls before the options are resolved. If the options wait for such a call, Node would end the process silently with
// code 0, or wait for ever if a connection keeps it open.
class EarlyCalls {
  readonly services: Promise<Services>;
  readonly #onIdle = (): void => this.reject(new DescopeConfigError('CONFIG_OPTIONS_CIRCULAR', WAITS));
  readonly #timer = setTimeout(() => new Logger('Descope').error(SLOW), PATIENCE_MS).unref();
  #resolve: (services: Services) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.services = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    process.once('beforeExit', this.#onIdle);
  }

  serve(services: Services): void {
    this.#settle();
    this.#resolve(services);
  }

  reject(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    clearTimeout(this.#timer);
    process.off('beforeExit', this.#onIdle);
  }
}

const WAITS =
  'DescopeService or the client of @InjectDescope() was called before the options of DescopeModule were ready, and the options wait for the result of this call. The factory of forRootAsync() and its dependencies may inject both, but must not call them. Call them in loadUser or in onModuleInit().';
const SLOW = `CONFIG_OPTIONS_CIRCULAR: A call of DescopeService or of the client has waited for the options of DescopeModule for ${PATIENCE_MS / 1000} seconds. If the options wait for that call, the application never starts. Make the call in loadUser or in onModuleInit().`;

// The injectable classes of other copies of the package in this process, so that code can inject any of them.

// An application of ES modules and a library of CommonJS load different builds, and each build has its own classes.
const CLASSES = Symbol.for('nestjs-descope:injectable-classes');
const shared = globalThis as { [CLASSES]?: Set<Readonly<Record<string, Type>>> };
const copies = (shared[CLASSES] ??= new Set());

/** Registers the classes of this copy for the other copies. */
export function shareClasses(classes: Readonly<Record<string, Type>>): void {
  copies.add(classes);
}

/** Provides the classes of other copies as aliases of this copy's classes with the same names. */
export function provideCopies(own: Readonly<Record<string, Type>>): Provider[] {
  const others = [...copies].filter((copy) => copy !== own).flatMap((copy) => Object.entries(copy));
  return others.flatMap(([name, provide]) => {
    const useExisting = Object.hasOwn(own, name) ? own[name] : undefined;
    return useExisting === undefined ? [] : [{ provide, useExisting }];
  });
}
