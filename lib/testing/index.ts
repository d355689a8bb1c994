// Door './testing': an in-process issuer for the tests of applications.
export { DescopeTestingModule, TestDescope, createTestDescope } from './test-descope.js';
export type { TestCaller, TestDescopeOptions } from './test-descope.js';
export type { TestIdentity } from './test-tokens.js';
