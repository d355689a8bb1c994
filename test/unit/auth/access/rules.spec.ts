// Rules inside @AnyOf: which of them rejects, and that one which does not matter costs no error.
import { describe, expect, it } from '@jest/globals';
import type { AccessPolicy } from '#lib/auth/access/access-policy.js';
import { assertRules } from '#lib/auth/access/rules.js';
import { DescopeAccessError } from '#lib/core/errors.js';

const toCase = (...answers: readonly boolean[]) => {
  const alternatives = answers.map((answer) => ({ kind: 'rule' as const, rule: () => answer }));
  const policy: AccessPolicy = { mode: 'required', demands: [], rules: [{ kind: 'any-of', alternatives }] };
  return { policy, call: { context: {}, request: {} }, own: {}, user: {}, modules: {}, config: {} } as never;
};

/** Counts the errors that are created meanwhile: each reads the name of its class. */
async function countErrors(run: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const { name } = DescopeAccessError;
  const get = () => {
    count += 1;
    return name;
  };
  Object.defineProperty(DescopeAccessError, 'name', { get, configurable: true });
  try {
    await run();
  } finally {
    Object.defineProperty(DescopeAccessError, 'name', { value: name, configurable: true });
  }
  return count;
}

describe('A rule inside @AnyOf that is not met', () => {
  it('creates no error where another one is met', async () => {
    expect(await countErrors(async () => assertRules(toCase(false, false, true)))).toBe(0);
  });

  it('creates its error where none is met', async () => {
    const run = async () => {
      await expect(assertRules(toCase(false, false))).rejects.toMatchObject({
        code: 'ACCESS_ALTERNATIVES_MISSING',
      });
    };
    expect(await countErrors(run)).toBeGreaterThanOrEqual(2);
  });
});
