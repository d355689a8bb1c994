// DescopeModule on a test's own keys, for tests of single controllers.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { DESCOPE_KEY_SET, DESCOPE_OVERRIDES } from '../auth/injection-tokens.js';
import { DescopeModule } from '../module/descope.module.js';
import type { DescopeModuleOptions } from '../module/descope.options.js';
import type { TestDescope } from './test-descope.js';

/**
 * Protects controllers under test as `DescopeModule` would, on the keys of a `TestDescope`.
 * @example `Test.createTestingModule({ imports: [DescopeTestingModule.forRoot(descope)], controllers: [OrdersController] })`
 */
@Module({})
export class DescopeTestingModule {
  /** Registers `DescopeModule.forRoot(options)` with project and keys of the `TestDescope`. */
  static forRoot(descope: TestDescope, options: DescopeModuleOptions = {}): DynamicModule {
    const definition = DescopeModule.forRoot(options);
    const replaced = (definition.providers ?? []).filter((provider) => !isReplaced(provider));
    const providers = [
      ...replaced,
      { provide: DESCOPE_OVERRIDES, useValue: descope.options },
      { provide: DESCOPE_KEY_SET, useValue: descope.keySet },
    ];
    return { ...definition, providers };
  }
}

function isReplaced(provider: object): boolean {
  return (
    'provide' in provider && (provider.provide === DESCOPE_OVERRIDES || provider.provide === DESCOPE_KEY_SET)
  );
}
