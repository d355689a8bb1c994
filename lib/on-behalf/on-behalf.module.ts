// The module of calls on behalf of callers: without it no token is exchanged or fetched.
import type { DynamicModule, OnModuleInit } from '@nestjs/common';
import { Inject, Module } from '@nestjs/common';
import { DescopeConnections } from './descope.connections.js';
import { DescopeTokens } from './descope.tokens.js';
import type { OnBehalfModuleAsyncOptions, OnBehalfModuleOptions } from './on-behalf.options.js';
import { ConfigurableModuleClass } from './on-behalf.options.js';
import { OnBehalfParts } from './on-behalf.parts.js';

/**
 * Provides `DescopeTokens` and `DescopeConnections` everywhere. Import it once, beside `DescopeModule`.
 * @example `imports: [DescopeModule.forRoot(), DescopeOnBehalfModule.forRoot({ clientId, clientSecret })]`
 */
@Module({
  providers: [OnBehalfParts, DescopeTokens, DescopeConnections],
  exports: [DescopeTokens, DescopeConnections],
})
export class DescopeOnBehalfModule implements OnModuleInit {
  @Inject(OnBehalfParts) private readonly parts!: OnBehalfParts;

  /**
   * Registers the module.
   * @returns the dynamic module, for `imports` of the root module
   * @example `DescopeOnBehalfModule.forRoot({ clientId: 'shop', clientSecret: process.env.SHOP_SECRET })`
   */
  static forRoot(options: OnBehalfModuleOptions = {}): DynamicModule {
    return { ...ConfigurableModuleClass.forRoot(options), module: DescopeOnBehalfModule };
  }

  /**
   * Registers the module with options from a factory: `useFactory`, `useClass` or `useExisting`.
   * @returns the dynamic module, for `imports` of the root module
   */
  static forRootAsync(options: OnBehalfModuleAsyncOptions): DynamicModule {
    return { ...ConfigurableModuleClass.forRootAsync(options), module: DescopeOnBehalfModule };
  }

  /**
   * Called by Nest when the module is initialised: checks the options.
   * @throws {DescopeConfigError} CONFIG_INVALID with every mistake, CONFIG_MODULE_MISSING when no module imports
   *   `DescopeModule`
   */
  onModuleInit(): void {
    this.parts.assertSound();
  }
}
