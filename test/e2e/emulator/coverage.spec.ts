// docs/emulator-coverage.md says what a fresh run shows, and no answer differs from the client's types without a reason.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { checkTypes } from '../../emulator-coverage/check-types.js';
import type { Coverage } from '../../emulator-coverage/coverage-page.js';
import { findFaults, measureCoverage, toPage } from '../../emulator-coverage/main.js';
import type { Answer } from '../../emulator-coverage/run-calls.js';

let coverage: Coverage;

beforeAll(async () => {
  coverage = await measureCoverage();
}, 180_000);

describe('The coverage of the emulator', () => {
  it('has a call for each method of the installed client, and answers that fit its types', () => {
    expect(findFaults(coverage)).toEqual([]);
  });

  it('finds missing members and wrong types, and lets members pass that the type does not name', () => {
    const tenant = { id: 'acme', name: 'Acme', selfProvisioningDomains: [], createdTime: 1 };
    const { name: _name, ...nameless } = tenant;
    const made = [
      ['management.tenant.load', { ...tenant, colour: 'red' }],
      ['management.tenant.searchAll', [nameless]],
      ['management.tenant.loadAll', [{ ...tenant, name: 7 }]],
      ['management.user.load', undefined],
      ['management.user.delete', undefined],
    ] as const;
    const answers = made.map(([method, value]) => ({
      ...{ method, value, outcome: 'answered', reason: '', ignored: [] },
    }));
    expect(checkTypes(answers as readonly Answer[])).toEqual([
      { method: 'management.tenant.load', verdict: 'fits', message: '' },
      expect.objectContaining({ verdict: 'differs', message: expect.stringContaining("'name' is missing") }),
      expect.objectContaining({ verdict: 'differs', message: expect.stringContaining("'number'") }),
      expect.objectContaining({ method: 'management.user.load', verdict: 'differs' }),
      expect.objectContaining({ method: 'management.user.delete', verdict: 'loose' }),
    ]);
  }, 180_000);

  it('is what the page says: npm run emulator:coverage -- --write', () => {
    expect(readFileSync('docs/emulator-coverage.md', 'utf8')).toBe(toPage(coverage));
  });
});
