// Mutation tests: what is changed and which tests must notice. `npm run mutation`, see test/mutation/README.md.
import { inContext } from './jest.config.js';

const UNIT = 'test/unit';
const E2E = 'test/e2e';

// Each part with the specs that speak of it: every mutant loads all of a part's, so they stay few.
export const PARTS = {
  verifier: {
    mutate: ['lib/core/token/token-verifier.ts', 'lib/core/token/token-cache.ts'],
    specs: ['token-cache', 'token-verifier', 'remembered-token'].map((file) => `${UNIT}/core/token/${file}`),
  },
  signature: {
    mutate: ['lib/core/token/signature.ts'],
    specs: ['signature', 'verification-key'].map((file) => `${UNIT}/core/token/${file}`),
  },
  claims: {
    mutate: ['claim-checks', 'claims'].map((file) => `lib/core/token/${file}.ts`),
    specs: ['claim-checks', 'claims', 'issuer', 'token-kind'].map((file) => `${UNIT}/core/token/${file}`),
  },
  decode: { mutate: ['lib/core/token/decode.ts'], specs: [`${UNIT}/core/token/decode`] },
  access: {
    mutate: ['authorize', 'token-acceptance'].map((file) => `lib/core/user/${file}.ts`),
    specs: ['authorize', 'grants'].map((file) => `${UNIT}/core/user/${file}`),
  },
  user: {
    mutate: ['lib/core/user/descope-user.ts'],
    specs: ['descope-user', 'grants', 'username'].map((file) => `${UNIT}/core/user/${file}`),
  },
  guard: {
    mutate: ['lib/auth/auth.guard.ts'],
    specs: [`${UNIT}/auth/auth-guard`, `${E2E}/session/login`, `${E2E}/access/guard-override`],
  },
  rejections: { mutate: ['lib/auth/http-error.ts'], specs: [`${UNIT}/auth/http-error`] },
  policy: {
    mutate: ['access-policy', 'access-metadata'].map((file) => `lib/auth/access/${file}.ts`),
    specs: ['access-policy', 'access-decorators'].map((file) => `${UNIT}/auth/access/${file}`),
  },
  demands: {
    mutate: ['lib/auth/access/access.decorators.ts'],
    specs: [`${UNIT}/auth/access/access-decorators`],
  },
  values: {
    mutate: ['lib/auth/access/request-values.ts'],
    specs: [`${UNIT}/auth/access/request-values`, `${E2E}/access/current-tenant`],
  },
  tenant: {
    mutate: ['lib/auth/param.decorators.ts'],
    specs: [`${E2E}/access/current-tenant`, `${E2E}/user/current-user`],
  },
  http: {
    mutate: ['request', 'cookies', 'origin', 'redirect-target'].map((file) => `lib/core/http/${file}.ts`),
    specs: [
      'authorization',
      'cookies',
      'origin',
      'redirect-target',
      'request',
      'token-source',
      'token-store',
      'trusted-origins',
    ].map((file) => `${UNIT}/core/http/${file}`),
  },
  // What a mistake would hand to somebody else, or keep where it was ended. Applications start for each of these mutants.
  profile: {
    mutate: ['lib/routes/me.routes.ts'],
    specs: [
      `${E2E}/session/kept-tokens`,
      `${E2E}/session/routes`,
      `${E2E}/session/users`,
      `${UNIT}/routes/me`,
    ],
  },
  state: {
    mutate: ['lib/auth/request-state.ts', 'lib/auth/response-headers.ts'],
    specs: [`${E2E}/session/caching`, `${E2E}/resilience/two-applications`],
  },
  revocation: {
    mutate: [
      'revocation',
      'revocation-part',
      'revocation-table',
      'revocations',
      'watchers',
      'ahead-tokens',
      'store-sharing',
    ].map((file) => `lib/core/revocation/${file}.ts`),
    specs: ['revocations', 'revocation-table'].map((file) => `${UNIT}/core/revocation/${file}`),
  },
  chains: {
    mutate: ['lib/core/session/sign-in-chains.ts'],
    specs: [`${UNIT}/core/session/sign-in-chains`],
  },
  lapsed: {
    mutate: ['lib/auth/session.middleware.ts', 'lib/core/session/refresher.ts'],
    specs: [`${E2E}/session/kept-tokens`, `${E2E}/session/refresh`],
  },
  routes: {
    mutate: ['lib/routes/session.routes.ts', 'lib/routes/logout.routes.ts'],
    specs: ['kept-tokens', 'bearer-sign-out', 'sign-out', 'sign-in-chains', 'routes'].map(
      (file) => `${E2E}/session/${file}`,
    ),
  },
};

const name = process.env.MUTATION_PART ?? 'verifier';
const part = PARTS[name];
process.env.MUTATION_SPECS = part.specs.join(',');

export default {
  mutate: process.env.MUTATION_FILES?.split(',') ?? part.mutate,
  testRunner: 'jest',
  plugins: ['@stryker-mutator/jest-runner', './test/mutation/sentences.mjs'],
  ignorers: ['sentences'],
  jest: {
    projectType: 'custom',
    config: {
      ...inContext,
      projects: [], // those of jest.config.js, which Stryker reads too
      roots: ['<rootDir>/test/mutation'],
      testMatch: ['**/specs.suite.mjs'],
      testTimeout: 6_000, // before Stryker's own, which costs a new process
      testEnvironment: `${import.meta.dirname}/test/mutation/bail.environment.cjs`,
    },
    enableFindRelatedTests: false,
  },
  testRunnerNodeArgs: ['--experimental-vm-modules'],
  coverageAnalysis: 'perTest',
  concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 2),
  maxTestRunnerReuse: 40, // modules loaded by vm stay in memory
  ignorePatterns: ['**', '!lib/**', '!test/**', '!*.js', '!*.json', 'test/bench', '**/node_modules/**'],
  disableTypeChecks: false, // swc asks for none
  reporters: ['progress-append-only', 'clear-text', 'json', 'html'],
  clearTextReporter: { logTests: false, reportTests: false, reportScoreTable: false },
  jsonReporter: { fileName: `reports/mutation/${name}.json` },
  htmlReporter: { fileName: `reports/mutation/${name}.html` },
  tempDirName: `.stryker-tmp/${name}`,
  thresholds: { high: 95, low: 95, break: null },
};
