// Any options: a config, or one error of ours that quotes none of them.
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { resolveConfig } from '#lib/core/config/config.js';
import { KNOWN_OPTIONS } from '#lib/core/config/options.js';
import { DescopeConfigError } from '#lib/core/errors.js';
import { PROJECT_ID } from '../support/tokens.js';
import { fuzz } from './support/fuzz.js';

const SECRET = 's3cret-value-that-nobody-may-quote';
const value = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    false,
    true,
    0,
    -1,
    5,
    61,
    Number.NaN,
    Infinity,
    '',
    ' ',
    SECRET,
    [],
    {},
    [SECRET],
    { [SECRET]: SECRET },
    () => SECRET,
  ),
  fc.constantFrom<unknown>(
    'DS',
    'DSR',
    'none',
    'HS256',
    ['HS256'],
    ['RS256'],
    ['none'],
    'http://x.example',
    'https://x.example',
    'javascript:x',
    '*',
    PROJECT_ID,
  ),
  fc.anything({
    maxDepth: 2,
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
  }),
);
const options = fc.dictionary(
  fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...KNOWN_OPTIONS) },
    fc.constantFrom('__proto__', 'constructor', 'x'),
  ),
  value,
  { maxKeys: 5 },
);
const group = fc.dictionary(
  fc.constantFrom(
    'refresh',
    'cookie',
    'secure',
    'sameSite',
    'domain',
    'hostPrefix',
    'maxAgeSeconds',
    'maxStaleSeconds',
    'cooldownSeconds',
    'timeoutMs',
    'store',
    'channel',
    'maxStaleMs',
    'whenIsolated',
    'x',
  ),
  value,
);

function check(given: object): void {
  try {
    const config = resolveConfig({ projectId: PROJECT_ID, ...given });
    expect(config.verification.algorithms.filter((name) => !/^(RS|PS|ES)(256|384|512)$/.test(name))).toEqual(
      [],
    );
    expect(config.verification.leewaySeconds).toBeGreaterThanOrEqual(0);
    expect(config.verification.leewaySeconds).toBeLessThanOrEqual(60);
    expect(config.verification.sessionTokenNames).not.toContain('DSR');
    expect(config.keyFetch.cooldownMs).toBeLessThanOrEqual(30_000);
    expect(new URL(config.baseUrl).protocol).toMatch(/^https?:$/);
  } catch (error) {
    if (!(error instanceof DescopeConfigError)) throw error;
    expect(error.code).toBe('CONFIG_INVALID');
    // An unknown name is told, since it is one that somebody wrote; a value never is.
    if (!Object.keys(given).some((name) => name.includes(SECRET)))
      expect(inspect(error, { depth: 8 })).not.toContain(`"${SECRET}`);
  }
}

function rejectionOf(given: object): DescopeConfigError {
  try {
    resolveConfig(given);
  } catch (error) {
    if (error instanceof DescopeConfigError) return error;
    throw error;
  }
  throw new Error('The options were taken.');
}

describe('Options', () => {
  it('of any kind make a sound config, or one error of ours', () =>
    fuzz(
      3000,
      fc.asyncProperty(options, async (given) => check(given)),
    ));

  it('of the groups do so too', () =>
    fuzz(
      1500,
      fc.asyncProperty(fc.constantFrom('session', 'keyFetch'), group, async (name, given) =>
        check({ [name]: given }),
      ),
    ));

  it('that are secrets are quoted by no error', () =>
    fuzz(
      500,
      fc.asyncProperty(
        fc.constantFrom(...KNOWN_OPTIONS),
        fc.constantFrom<unknown>(SECRET, [SECRET], { kty: SECRET }),
        async (name, secret) => {
          const error = rejectionOf({ projectId: PROJECT_ID, [name]: secret, leewaySeconds: -1 });
          expect(error.message).toContain('- leewaySeconds: got'); // so there is one, whatever becomes of the secret
          const told = inspect(error, { depth: 8, showHidden: true }) + JSON.stringify(error);
          expect(told).not.toContain(SECRET);
        },
      ),
    ));
});
