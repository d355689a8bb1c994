// What the injectable services are made of, for those that are injected before the options are there.
import type { Provider, Type } from '@nestjs/common';
import { Injectable, Logger } from '@nestjs/common';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeConfigError } from '../core/errors.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { Sessions } from '../core/session/auto-refresh.js';
import type { KeySet } from '../core/token/key-set.js';

/** What is made of the options. */
export interface Services {
  readonly config: DescopeConfig;
  readonly authenticator: Authenticator;
  readonly keys: KeySet;
  readonly sessions: Sessions;
}

const PATIENCE_MS = 10_000;

/**
 * Hands out the services once the options are resolved. What makes the options (`forRootAsync`) may inject
 * `DescopeService` or the vendor's client, for `loadUser` to use later: if those waited for the options, and the
 * options for them, Nest would wait for ever.
 */
@Injectable()
export class LateServices {
  #services: Services | undefined;
  #early: EarlyCalls | undefined;

  /** Finds the services, at once after the boot. Rejects with `CONFIG_OPTIONS_CIRCULAR` where the options wait for that. */
  find(): MaybePromise<Services> {
    if (this.#services !== undefined) return this.#services;
    this.#early ??= new EarlyCalls();
    return this.#early.services;
  }

  /** Takes the services, and serves who asked for them during the boot. */
  provide(services: Services): void {
    this.#services = services;
    this.#early?.serve(services);
  }

  /** Is told that there will be none. */
  fail(error: unknown): void {
    this.#early?.reject(error);
  }
}

// Who asks before the options are there. Where the options wait for the answer, Node would end the process with code 0
// and without a word; where a connection holds it open, it would stand still.
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
  'DescopeService or the client of @InjectDescope() was called before the options of DescopeModule are there, and they wait for the answer. What makes the options of forRootAsync() may inject both, and may not call them: call them in loadUser, or in onModuleInit().';
const SLOW = `CONFIG_OPTIONS_CIRCULAR: For ${PATIENCE_MS / 1000} seconds a call of DescopeService or of the client has been waiting for the options of DescopeModule. If the options wait for that call, the application will never start: call it in loadUser, or in onModuleInit().`;

// The injectable classes of other copies of the package in this process: what is injected by one of them is found, too.

// An application of ES modules and a library of CommonJS load one build each, and each build has classes of its own.
const CLASSES = Symbol.for('nestjs-descope:injectable-classes');
const shared = globalThis as { [CLASSES]?: Set<Readonly<Record<string, Type>>> };
const copies = (shared[CLASSES] ??= new Set());

/** Makes the classes of this copy known to the others. */
export function shareClasses(classes: Readonly<Record<string, Type>>): void {
  copies.add(classes);
}

/** Provides the classes that other copies have, as those of this one with the same names. */
export function provideCopies(own: Readonly<Record<string, Type>>): Provider[] {
  const others = [...copies].filter((copy) => copy !== own).flatMap((copy) => Object.entries(copy));
  return others.flatMap(([name, provide]) => {
    const useExisting = Object.hasOwn(own, name) ? own[name] : undefined;
    return useExisting === undefined ? [] : [{ provide, useExisting }];
  });
}
