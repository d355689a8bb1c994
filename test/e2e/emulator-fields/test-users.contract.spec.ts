// Test users as Descope's own tests use them: a code is generated, a sign-in is started, the code is brought back.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator();
const users = () => bed.admin.management.user;
const generate = async () => (await users().generateOTPForTestUser('email', 't1')).data?.code ?? '';
const verify = (code: string) => bed.sdk.otp.verify.email('t1', code);
const toToken = (link = '') => new URL(link).searchParams.get('t') ?? '';

describe('A test user', () => {
  it('signs in with a generated code, also when a sign-in is started after it, and is first seen once', async () => {
    await users().createTestUser('t1', { email: 't1@x.test' });
    expect((await verify(await generate())).data).toMatchObject({ firstSeen: true });
    for (const start of [bed.sdk.otp.signIn.email, bed.sdk.otp.signUpOrIn.email]) {
      const code = await generate();
      expect((await start('t1')).code).toBe(200);
      expect((await verify(code)).data).toMatchObject({ firstSeen: false });
      expect((await verify(code)).error?.errorCode).toBe('E061102');
    }
  });

  it('may sign up although it is there, and is first seen once', async () => {
    await users().createTestUser('t1', { email: 't1@x.test' });
    expect((await bed.sdk.otp.signUp.email('t1')).code).toBe(200);
    expect((await verify(await generate())).data).toMatchObject({ firstSeen: true });
    expect((await bed.sdk.otp.signUp.email('t1')).code).toBe(200);
    expect((await verify(await generate())).data).toMatchObject({ firstSeen: false });
  });

  it('is kept out after five wrong codes, whichever way the right one came', async () => {
    await users().createTestUser('t1');
    const code = await generate();
    for (let count = 0; count < 5; count += 1) await verify('000000x');
    expect((await verify(code)).error?.errorCode).toBe('E061103');
  });

  it('opens with a generated enchanted link what it waits for', async () => {
    await users().createTestUser('t1', { email: 't1@x.test' });
    const { data } = await users().generateEnchantedLinkForTestUser('t1', 'http://app/v');
    const waiting = await bed.sdk.enchantedLink.signIn('t1', 'http://app/v');
    expect((await bed.sdk.enchantedLink.verify(toToken(data?.link))).code).toBe(200);
    const ref = waiting.data?.pendingRef ?? '';
    const session = await bed.sdk.enchantedLink.waitForSession(ref, {
      pollingIntervalMs: 1000,
      timeoutMs: 3000,
    });
    expect(session.code).toBe(200);
  });
});
