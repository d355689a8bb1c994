// Mutation tests: what is changed and which tests must notice. `npm run mutation`, see test/mutation/README.md.

const TOKEN = 'test/unit/core/token';
const USER = 'test/unit/core/user';
const TRANSPORT = 'test/unit/core/transport';
const AUTH = 'test/unit/auth';
const E2E = 'test/e2e';

// Each part with the specs that speak of it: every mutant loads all of a part's, so they stay few.
export const PARTS = {
  verifier: {
    mutate: ['lib/core/token/token-verifier.ts', 'lib/core/token/token-cache.ts'],
    specs: [`${TOKEN}/token-cache`, `${TOKEN}/token-verifier`, `${TOKEN}/remembered-token`],
  },
  signature: { mutate: ['lib/core/token/signature.ts'], specs: [`${TOKEN}/signature`] },
  claims: {
    mutate: ['claim-checks', 'claims', 'issuer', 'token-kind'].map((file) => `lib/core/token/${file}.ts`),
    specs: ['claim-checks', 'claims', 'issuer', 'token-kind'].map((file) => `${TOKEN}/${file}`),
  },
  decode: { mutate: ['lib/core/token/decode.ts'], specs: [`${TOKEN}/decode`] },
  access: {
    mutate: ['access', 'admitted', 'strength', 'grants', 'matches'].map((file) => `lib/core/user/${file}.ts`),
    specs: [`${USER}/access`, `${USER}/grants`],
  },
  guard: { mutate: ['lib/auth/auth.guard.ts'], specs: [`${AUTH}/guard-decision`] },
  refusals: { mutate: ['lib/auth/http-error.ts'], specs: [`${AUTH}/http-error`] },
  policy: {
    mutate: ['lib/auth/access.policy.ts', 'lib/auth/access/add-up.ts', 'lib/auth/access/note.ts'],
    specs: [`${AUTH}/access-policy`],
  },
  demands: {
    mutate: ['lib/auth/access/definition.ts', 'lib/auth/access/demand.decorators.ts'],
    specs: [`${AUTH}/demand-definition`],
  },
  values: { mutate: ['lib/auth/access/request-value.ts'], specs: [`${AUTH}/request-value`] },
  tenant: {
    mutate: ['lib/auth/access/judge.ts', 'lib/auth/access/current-tenant.decorator.ts'],
    specs: [`${E2E}/demands/tenant`],
  },
  transport: {
    mutate: ['authorization', 'cookies', 'same-origin'].map((file) => `lib/core/transport/${file}.ts`),
    specs: ['authorization', 'cookies', 'same-origin'].map((file) => `${TRANSPORT}/${file}`),
  },
  // What a mistake would hand to somebody else, or keep where it was ended. Applications start for each of these mutants.
  profile: {
    mutate: ['lib/routes/session/me-route.ts', 'lib/routes/session/profiles.ts'],
    specs: [`${E2E}/session/kept-tokens`, `${E2E}/session/routes`, 'test/unit/routes/profiles'],
  },
  state: {
    mutate: ['lib/auth/session/request-session.ts', 'lib/auth/answer/private-answer.ts'],
    specs: [`${E2E}/session/caching`, `${E2E}/resilience/two-applications`],
  },
  signOut: {
    mutate: ['sign-out-list', 'sign-in-chains', 'ahead-tokens'].map((file) => `lib/core/session/${file}.ts`),
    specs: ['sign-out-list', 'sign-in-chains'].map((file) => `test/unit/core/session/${file}`),
  },
  lapsed: {
    mutate: ['lib/auth/session/session-step.ts', 'lib/core/renewal/renewal-outcome.ts'],
    specs: [`${E2E}/session/kept-tokens`, `${E2E}/session/renewal`],
  },
  routes: {
    mutate: ['lib/routes/session/session-routes.ts', 'lib/routes/session/sign-out-routes.ts'],
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
    configFile: 'jest.config.js',
    config: {
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
