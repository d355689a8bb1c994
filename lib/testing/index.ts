// Door './testing': an in-process issuer for the tests of applications.
export { DescopeTestingModule } from './descope-testing.module.js';
export type { TestCaller } from './test-caller.js';
export type { TestIdentity } from './test-claims.js';
export { TestDescope, createTestDescope } from './test-descope.js';
export type { TestDescopeOptions } from './test-descope.js';
