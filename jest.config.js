// All tests, in projects. `npm test` runs `unit` and `e2e`; the others need more than Node or more time, and have commands
// of their own (package.json). Nearly all objects of a test die young: `npm test` has V8 keep more of them (64 MB) before it
// looks for those that live, which saves some 4 % of its time.
import { availableParallelism } from 'node:os';

// Compiled as ES modules, because Nest 12 and jose are nothing else.
const source = {
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
    '^nestjs-descope/(.+)$': '<rootDir>/lib/$1/index.ts',
    '^#lib/(.*)\\.js$': '<rootDir>/lib/$1.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
};
const RSA_KEYS = '<rootDir>/test/support/rsa-keys.ts';
const TOKEN_WATCH = '<rootDir>/test/support/token-watch/setup.ts';

/** Jest's usual way, each spec in a context of `vm`: for mutation tests, which change the library between two runs. */
export const inContext = { ...source, testEnvironment: 'node', setupFiles: [RSA_KEYS] };

/** In Node itself, where a worker loads Nest and the library once and not for each spec: see test/runner/test-runner.mjs. */
const inNode = {
  ...source,
  testEnvironment: '<rootDir>/test/runner/environment.cjs',
  testRunner: '<rootDir>/test/runner/test-runner.mjs',
  setupFilesAfterEnv: [RSA_KEYS],
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
};
const NO_TESTS = ['/node_modules/', '/dist/', '/programs/'];
const BUILT = ['package/installed', 'package/sample-app.spec.ts']; // what needs `npm run build`

function inFolder(name, testTimeout, options = {}) {
  const own = { displayName: name, roots: [`<rootDir>/test/${name}`], testPathIgnorePatterns: NO_TESTS };
  return { ...inNode, ...own, testEnvironmentOptions: { testTimeout }, ...options };
}

export default {
  projects: [
    {
      ...inNode,
      displayName: 'unit', // and whatever stands in none of the folders below
      testPathIgnorePatterns: [...NO_TESTS, '/test/(?:e2e|browser|services|faults)/', ...BUILT],
    },
    inFolder('e2e', 30_000, { setupFilesAfterEnv: [RSA_KEYS, TOKEN_WATCH] }),
    inFolder('package', 30_000, {
      testMatch: ['**/installed/*.spec.ts', '**/sample-app.spec.ts'],
      globalSetup: '<rootDir>/test/package/setup.js',
      globalTeardown: '<rootDir>/test/package/teardown.js',
    }),
    inFolder('browser', 120_000),
    inFolder('services', 60_000),
    inFolder('faults', process.env.FAULTS === 'long' ? 3_600_000 : 300_000, {
      globalSetup: '<rootDir>/test/faults/setup.js',
      globalTeardown: '<rootDir>/test/faults/teardown.js',
    }),
    inFolder('fuzz', (Number(process.env.FUZZ_SECONDS ?? 60) + 60) * 1000, {
      globalSetup: '<rootDir>/test/fuzz/setup.js',
      testMatch: ['**/*.spec.ts', '**/*.fuzz.ts'],
    }),
  ],
  testSequencer: '<rootDir>/test/runner/sequencer.cjs',
  reporters: ['default', '<rootDir>/test/support/left-out.reporter.mjs'],
  testTimeout: 30_000,
  maxWorkers: 2 * availableParallelism(), // most tests wait for the network of their own machine
};
