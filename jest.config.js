// Jest in ESM mode: Nest 12 and jose are ESM-only, and Node 20 has no synchronous way to load them inside Jest.

// What needs a build first; jest.package.config.js runs it, `npm test` does not.
export const BUILT = '/test/package/(?:installed/.*|sample-app)\\.spec\\.ts$';

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '/dist/',
    '/programs/',
    '/test/browser/',
    '/test/faults/',
    '/test/services/',
    BUILT,
  ],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
      },
    ],
  },
  moduleNameMapper: {
    '^nestjs-descope$': '<rootDir>/lib/index.ts',
    '^nestjs-descope/testing$': '<rootDir>/lib/testing/index.ts',
    '^nestjs-descope/emulator$': '<rootDir>/lib/emulator/index.ts',
    '^nestjs-descope/express$': '<rootDir>/lib/express/index.ts',
    '^#lib/(.*)\\.js$': '<rootDir>/lib/$1',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  setupFiles: ['<rootDir>/test/support/rsa-keys.ts'],
  setupFilesAfterEnv: ['<rootDir>/test/support/token-watch/setup.ts'],
  reporters: ['default', '<rootDir>/test/support/left-out.reporter.mjs'],
  testTimeout: 30_000,
  maxWorkers: '100%', // most tests wait for the network of their own machine
};
