// What exists only while the embedded Descope runs: itself, its outbox, and signing in without a password.
import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { EmbeddedDescope } from './embedded-descope.js';
import { EmbeddedTokensController } from './embedded-tokens.controller.js';
import { OutboxController } from './outbox.controller.js';

@Module({ controllers: [EmbeddedTokensController, OutboxController] })
export class EmbeddedModule {
  static of(embedded: EmbeddedDescope): DynamicModule {
    const providers = [{ provide: EmbeddedDescope, useValue: embedded }];
    return { module: EmbeddedModule, providers, exports: [EmbeddedDescope] };
  }
}
