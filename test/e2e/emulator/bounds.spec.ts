// Large requests: what the emulator keeps of them stays bounded, and says so.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator();
const large = 'x'.repeat(900_000);
// Reads each response, or its connection would stay open.
async function post(path: string, body: unknown) {
  const response = await bed.request(path, {
    method: 'POST',
    headers: { authorization: `Bearer ${bed.emulator.projectId}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}
const codeOf = (loginId: string) => bed.emulator.outbox.last(loginId)?.code ?? '';

describe('Of large requests, the emulator', () => {
  it('forgets the codes of the oldest, and not that of the latest', async () => {
    for (let index = 0; index < 11; index += 1) {
      const loginId = `user-${index}@example.com`;
      await post('/v1/auth/otp/signup-in/email', { loginId, loginOptions: { customClaims: { large } } });
    }
    const [first, last] = ['user-0@example.com', 'user-10@example.com'];
    const forgotten = await post('/v1/auth/otp/verify/email', { loginId: first, code: codeOf(first) });
    expect([forgotten.status, forgotten.text]).toEqual([401, expect.stringContaining('E061102')]);
    expect((await post('/v1/auth/otp/verify/email', { loginId: last, code: codeOf(last) })).status).toBe(200);
  });

  it('forgets the oldest runs of flows', async () => {
    const start = () =>
      post('/v1/flow/start', { flowId: 'sign-up-or-in', options: {}, interactionId: '', input: { large } });
    const first = JSON.parse((await start()).text) as { executionId: string; stepId: string };
    for (let index = 0; index < 10; index += 1) await start();
    const { executionId, stepId } = first;
    const next = await post('/v1/flow/next', { executionId, stepId, interactionId: 'btnGo', input: {} });
    expect([next.status, next.text]).toEqual([400, expect.stringContaining('E103205')]);
  });

  it('keeps no user that there is no room for, and says what to do', async () => {
    const signUp = (index: number) =>
      post('/v1/auth/password/signup', {
        loginId: `user-${index}@example.com`,
        password: 'Correct-horse-1',
        user: { name: large },
      });
    let index = 0;
    while ((await signUp(index)).status === 200 && index < 100) index += 1;
    expect(index).toBe(74);
    expect((await signUp(index)).text).toContain('delete some, or reset it');
    expect(bed.emulator.loginIds).toHaveLength(74);
  });
});
