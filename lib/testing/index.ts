// Entry point './testing': an issuer of tokens, in the test process, for the tests of applications.
export type { TestCaller, TestDescopeOptions } from './test-descope.js';
export { createTestDescope, DescopeTestingModule, TestDescope } from './test-descope.js';
export type { TestBoundCaller, TestProofHeaders } from './test-proofs.js';
export type { TestIdentity } from './test-tokens.js';
