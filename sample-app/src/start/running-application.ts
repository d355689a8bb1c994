// The application itself, which Nest does not inject: for pages that show its access map and its address.
import { Injectable } from '@nestjs/common';
import type { AccessMap } from 'nestjs-descope/inspect';
import { describeAccess } from 'nestjs-descope/inspect';
import type { Application } from './application.js';
import { readUrl } from './own-url.js';
import type { Settings } from './settings.js';

@Injectable()
export class RunningApplication {
  #app: Application | undefined;
  #settings: Settings | undefined;
  #accessMap: AccessMap | undefined;

  /** Keeps the application, once it is created. */
  set(app: Application, settings: Settings): void {
    this.#app = app;
    this.#settings = settings;
  }

  get settings(): Settings {
    return required(this.#settings);
  }

  get url(): string {
    return readUrl(required(this.#app).getHttpServer());
  }

  /** What every route, resolver and message demands. */
  get accessMap(): AccessMap {
    return (this.#accessMap ??= describeAccess(required(this.#app)));
  }
}

function required<T>(value: T | undefined): T {
  if (value !== undefined) return value;
  throw new Error('The application is not created yet.');
}
