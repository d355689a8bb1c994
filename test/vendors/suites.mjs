// The suites of the vendor: where they are, how they are run and counted, and what the project of the tests must have.

/** python-sdk's own end-to-end tests, each with the client that waits and the one that does not. */
const pythonSdk = {
  repository: 'python-sdk',
  modules: ['pytest', 'pytest_asyncio', 'httpx', 'jwt', 'cryptography', 'email_validator'],
  total: 26,
  command: ['-m', 'pytest', 'tests/e2e', '-q', '-rfEs', '-p', 'no:cacheprovider'],
  options: {},
  // "Prerequisites: the e2e project must have password authentication enabled with a policy of minLength >= 9,
  // uppercase required, non-alphanumeric required." (tests/e2e/test_password.py)
  prepare: (emulator) =>
    post(emulator, '/v1/mgmt/password/settings', {
      enabled: true,
      minLength: 9,
      uppercase: true,
      nonAlphanumeric: true,
    }),
  read: (output) => {
    const failures = [...output.matchAll(/^(?:FAILED|ERROR|SKIPPED) (?:tests\/e2e\/)?(.+?)(?: - .*)?$/gm)];
    const count = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(output)?.[1] ?? 0);
    const passed = count('passed');
    const ran = passed + count('failed') + count('error') + count('skipped');
    return toOutcome(pythonSdk, { ran, passed, failures: failures.map(([, name]) => name) });
  },
};

/** The tests of django-descope and of its example, with the client of the python-sdk beside it. */
const djangoDescope = {
  repository: 'django-descope',
  modules: ['django', 'debug_toolbar', 'dotenv'],
  total: 3,
  command: ['manage.py', 'test'],
  // Their project has these roles, and a JWT template with the address (README, "Django Admin").
  options: { seed: { roles: [{ name: 'is_staff' }, { name: 'is_superuser' }] } },
  prepare: undefined,
  read: (output) => {
    const failures = [...output.matchAll(/^(?:FAIL|ERROR): (\S+)/gm)].map(([, name]) => name);
    const ran = Number(/^Ran (\d+) tests?/m.exec(output)?.[1] ?? 0);
    return toOutcome(djangoDescope, { ran, passed: ran - new Set(failures).size, failures });
  },
};

export const SUITES = [pythonSdk, djangoDescope];

// A suite that has grown counts as it is; one that ran fewer tests than it has lacks the others.
function toOutcome(suite, { ran, passed, failures }) {
  const total = Math.max(ran, suite.total);
  return { passed, total, failures, isComplete: passed === total };
}

async function post({ url, projectId, managementKey }, path, body) {
  const headers = {
    authorization: `Bearer ${projectId}:${managementKey}`,
    'content-type': 'application/json',
  };
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) console.log(`LEFT OUT: the project could not be prepared: ${await response.text()}`);
}
