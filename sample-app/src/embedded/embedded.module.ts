// What exists only while the embedded Descope runs: itself, and signing in without a password.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { EmbeddedDescope } from './embedded-descope.js';
import { EmbeddedSessionController } from './embedded-session.controller.js';

@Module({ controllers: [EmbeddedSessionController] })
export class EmbeddedModule {
  static of(embedded: EmbeddedDescope): DynamicModule {
    const providers = [{ provide: EmbeddedDescope, useValue: embedded }];
    return { module: EmbeddedModule, providers, exports: [EmbeddedDescope] };
  }
}
