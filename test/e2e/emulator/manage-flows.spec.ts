// Management of flows, with the vendor's client.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({ seed: { flows: [{ id: 'welcome', kind: 'sign-up-or-in' }] } });

describe('The flows of a project', () => {
  // python-sdk, tests/e2e/management/test_flow.py: the total is the length, and not 0; node-sdk, `FlowsResponse`.
  it('are listed, those of the seed too', async () => {
    const { data } = await bed.admin.management.flow.list();
    expect(data?.total).toBe(data?.flows.length);
    expect(data?.flows).toContainEqual({ id: 'sign-in', name: 'sign-in', description: '', disabled: false });
    expect(data?.flows.map(({ id }) => id)).toContain('welcome');
  });

  it('do not start once they are deleted, until a reset', async () => {
    expect((await bed.sdk.flow.start('welcome')).ok).toBe(true);
    expect((await bed.admin.management.flow.delete(['welcome', 'unknown'])).ok).toBe(true);
    expect((await bed.sdk.flow.start('welcome')).error?.errorMessage).toContain('no flow welcome');
    expect((await bed.admin.management.flow.list()).data?.flows.map(({ id }) => id)).not.toContain('welcome');
    bed.emulator.reset();
    expect((await bed.sdk.flow.start('welcome')).ok).toBe(true);
  });
});
