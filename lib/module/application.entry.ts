// Registers the application in the process while it runs, so that its calls can be distinguished from another's.
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { Application } from '../auth/applications.js';
import { registerApplication } from '../auth/applications.js';
import { DESCOPE_APPLICATION } from '../auth/injection-tokens.js';
import { readFoundClasses } from '../inspect/handlers.js';

/** Registers the application from `onModuleInit` until it has shut down. */
@Injectable()
export class ApplicationEntry implements OnModuleInit, OnApplicationShutdown {
  @Inject(ModulesContainer) private readonly modules!: ModulesContainer;
  @Inject(HttpAdapterHost) private readonly host!: HttpAdapterHost;
  @Inject(DESCOPE_APPLICATION) private readonly application!: Application;
  #leave: (() => void) | undefined;

  onModuleInit(): void {
    // A mixin may have overwritten "constructor", from which Nest reads the class of an instance.
    const classes = readFoundClasses(this.modules).flatMap(({ type }) => [type, toNamedClass(type)]);
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | null | undefined;
    const server: unknown = adapter?.getInstance();
    this.#leave = registerApplication(this.application, { classes, server });
  }

  // After the last request: requests that were under way when the application closed still belong to it.
  onApplicationShutdown(): void {
    this.#leave?.();
  }
}

function toNamedClass({ prototype }: { readonly prototype: unknown }): object {
  return (prototype as { readonly constructor: object }).constructor;
}
