// The vendor's client signs users in: by code, magic link, enchanted link and password.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
  seed: {
    users: [
      { loginId: 'ada@example.com', password: 'correct horse' },
      { loginId: 'off@example.com', password: 'correct horse', status: 'disabled' },
    ],
  },
});

const codeFor = (loginId: string) => bed.emulator.outbox.last(loginId)?.code ?? '';

describe('a one-time code', () => {
  it('signs a new user up by mail', async () => {
    const asked = await bed.sdk.otp.signUp.email('new@example.com', { name: 'New' });
    expect(asked.data?.maskedEmail).toBe('n****@e****');
    const { data } = await bed.sdk.otp.verify.email('new@example.com', codeFor('new@example.com'));
    expect(data).toMatchObject({ firstSeen: true, claims: { amr: ['email'] } });
    expect(data?.user).toMatchObject({ name: 'New', email: 'new@example.com', verifiedEmail: true });
    expect((await bed.sdk.validateSession(data?.sessionJwt ?? '')).token.sub).toBe(data?.user?.userId);
  });

  it('signs a known user in by text message, and only once', async () => {
    await bed.sdk.otp.signUpOrIn.sms('+15551234567');
    const code = codeFor('+15551234567');
    const first = await bed.sdk.otp.verify.sms('+15551234567', code);
    expect(first.data?.user).toMatchObject({ phone: '+15551234567', verifiedPhone: true });
    expect((await bed.sdk.otp.verify.sms('+15551234567', code)).error?.errorCode).toBe('E061102');
    await bed.sdk.otp.signIn.sms('+15551234567');
    expect((await bed.sdk.otp.verify.sms('+15551234567', codeFor('+15551234567'))).data?.firstSeen).toBe(
      false,
    );
  });

  it('is rejected when it is wrong, late, or was guessed at too often', async () => {
    await bed.sdk.otp.signIn.email('ada@example.com');
    const code = codeFor('ada@example.com');
    const wrong = code === '000000' ? '000001' : '000000';
    for (let tries = 0; tries < 5; tries += 1) {
      expect((await bed.sdk.otp.verify.email('ada@example.com', wrong)).error?.errorCode).toBe('E061102');
    }
    expect((await bed.sdk.otp.verify.email('ada@example.com', code)).error?.errorCode).toBe('E061103');
    await bed.sdk.otp.signIn.email('ada@example.com');
    bed.emulator.clock.advance(181_000);
    const late = await bed.sdk.otp.verify.email('ada@example.com', codeFor('ada@example.com'));
    expect(late.error?.errorCode).toBe('E061102');
  });

  it('is not sent to a stranger who signs in, nor to a known user who signs up', async () => {
    expect((await bed.sdk.otp.signIn.email('who@example.com')).error?.errorCode).toBe('E062108');
    expect((await bed.sdk.otp.signUp.email('ada@example.com')).error?.errorCode).toBe('E062107');
    expect(bed.emulator.outbox.all).toEqual([]);
  });

  it('carries claims of the caller, a step-up and a second factor into the token', async () => {
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com', { amr: ['pwd'] });
    await bed.sdk.otp.signIn.email(
      'ada@example.com',
      { stepup: true, mfa: true, customClaims: { a: 1 } },
      refreshJwt,
    );
    const { data } = await bed.sdk.otp.verify.email('ada@example.com', codeFor('ada@example.com'));
    expect(data?.claims).toMatchObject({ su: true, amr: ['pwd', 'email', 'mfa'], nsec: { a: 1 } });
    expect((await bed.sdk.refresh(data?.refreshJwt)).data?.claims.su).toBeUndefined();
  });

  it('confirms a new address of a signed-in user', async () => {
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com');
    await bed.sdk.otp.update.email('ada@example.com', 'countess@example.com', refreshJwt);
    await bed.sdk.otp.verify.email('ada@example.com', codeFor('ada@example.com'));
    expect((await bed.sdk.me(refreshJwt)).data?.email).toBe('countess@example.com');
  });
});

describe('a magic link', () => {
  it('leads to the page of the application with a token that signs in once', async () => {
    await bed.sdk.magicLink.signIn.email('ada@example.com', 'https://app.example.com/in?a=b');
    const { link, token = '' } = bed.emulator.outbox.last() ?? {};
    expect(link).toBe(`https://app.example.com/in?a=b&t=${token}`);
    expect((await bed.sdk.magicLink.verify(token)).data?.user?.loginIds).toEqual(['ada@example.com']);
    expect((await bed.sdk.magicLink.verify(token)).error?.errorCode).toBe('E061005');
  });
});

describe('a password', () => {
  it('signs up, signs in and can be replaced', async () => {
    expect((await bed.sdk.password.signUp('p@example.com', 'long enough')).data?.firstSeen).toBe(true);
    expect((await bed.sdk.password.signIn('p@example.com', 'long enough')).data?.claims.amr).toEqual(['pwd']);
    expect((await bed.sdk.password.replace('p@example.com', 'long enough', 'even longer')).ok).toBe(true);
    expect((await bed.sdk.password.signIn('p@example.com', 'long enough')).code).toBe(401);
    expect((await bed.sdk.password.signUp('p@example.com', 'long enough')).error?.errorCode).toBe('E062107');
  });

  it('is rejected in one way for unknown users and wrong passwords, and for disabled users', async () => {
    const wrong = await bed.sdk.password.signIn('ada@example.com', 'wrong horse');
    const unknown = await bed.sdk.password.signIn('who@example.com', 'wrong horse');
    expect([wrong.code, wrong.error]).toEqual([401, unknown.error]);
    expect((await bed.sdk.password.signIn('off@example.com', 'correct horse')).code).toBe(401);
  });

  it('is reset through a link and changed with the session it gives', async () => {
    expect((await bed.sdk.password.sendReset('ada@example.com')).data?.resetMethod).toBe('magiclink');
    const { data } = await bed.sdk.magicLink.verify(bed.emulator.outbox.last()?.token ?? '');
    expect((await bed.sdk.password.update('ada@example.com', 'fresh horse', data?.refreshJwt)).ok).toBe(true);
    expect((await bed.sdk.password.signIn('ada@example.com', 'fresh horse')).ok).toBe(true);
  });

  it('follows the policy that the project shows', async () => {
    expect((await bed.sdk.password.policy()).data?.minLength).toBe(8);
    expect((await bed.sdk.password.signUp('s@example.com', 'short')).error?.errorCode).toBe('E011003');
  });
});

const enchantedLinkBed = useEmulator({ seed: { users: [{ loginId: 'ada@example.com' }] } });

const PAGE = 'https://app.example.com/verify';

const askPending = async (pendingRef: string) => {
  const response = await enchantedLinkBed.request('/v1/auth/enchantedlink/pending-session', {
    method: 'POST',
    body: JSON.stringify({ pendingRef }),
    headers: { authorization: `Bearer ${enchantedLinkBed.emulator.projectId}` },
  });
  return { status: response.status, body: (await response.json()) as { errorCode?: string } };
};

describe('an enchanted link', () => {
  it('signs in the browser that waits once the link was opened, and only once', async () => {
    const { data } = await enchantedLinkBed.sdk.enchantedLink.signIn('ada@example.com', PAGE);
    const { link, linkId, token = '' } = enchantedLinkBed.emulator.outbox.last('ada@example.com') ?? {};
    expect(data).toMatchObject({ linkId, pendingRef: expect.any(String), maskedEmail: 'a****@e****' });
    expect(link).toBe(`${PAGE}?t=${token}`);
    const { pendingRef = '' } = data ?? {};
    expect(await askPending(pendingRef)).toMatchObject({ status: 401, body: { errorCode: 'E062503' } });
    expect((await enchantedLinkBed.sdk.enchantedLink.verify(token)).ok).toBe(true);
    const waited = await enchantedLinkBed.sdk.enchantedLink.waitForSession(pendingRef, {
      pollingIntervalMs: 1000,
      timeoutMs: 10_000,
    });
    expect(waited.data).toMatchObject({
      claims: { amr: ['email'] },
      user: { loginIds: ['ada@example.com'] },
    });
    expect(await askPending(pendingRef)).toMatchObject({ status: 401, body: { errorCode: 'E061005' } });
  });

  it('signs up, and up or in', async () => {
    await enchantedLinkBed.sdk.enchantedLink.signUp('new@example.com', PAGE, { name: 'New' });
    await enchantedLinkBed.sdk.enchantedLink.signUpOrIn('other@example.com', PAGE);
    for (const loginId of ['new@example.com', 'other@example.com']) {
      const token = enchantedLinkBed.emulator.outbox.last(loginId)?.token ?? '';
      expect((await enchantedLinkBed.sdk.enchantedLink.verify(token)).ok).toBe(true);
      expect((await enchantedLinkBed.sdk.enchantedLink.verify(token)).error?.errorCode).toBe('E061005');
    }
    expect((await enchantedLinkBed.sdk.enchantedLink.signUp('ada@example.com', PAGE)).error?.errorCode).toBe(
      'E062107',
    );
    expect((await enchantedLinkBed.sdk.enchantedLink.signIn('who@example.com', PAGE)).error?.errorCode).toBe(
      'E062108',
    );
  });

  it('is rejected when it comes late, or to the door of magic links', async () => {
    const { data } = await enchantedLinkBed.sdk.enchantedLink.signIn('ada@example.com', PAGE);
    const token = enchantedLinkBed.emulator.outbox.last()?.token ?? '';
    expect((await enchantedLinkBed.sdk.magicLink.verify(token)).error?.errorCode).toBe('E061005');
    enchantedLinkBed.emulator.clock.advance(181_000);
    expect((await enchantedLinkBed.sdk.enchantedLink.verify(token)).error?.errorCode).toBe('E061005');
    expect((await askPending(data?.pendingRef ?? '')).body.errorCode).toBe('E061005');
  });

  it('is generated for a test user', async () => {
    const { user } = enchantedLinkBed.admin.management;
    await user.createTestUser('test@example.com', { email: 'test@example.com' });
    const { data } = await user.generateEnchantedLinkForTestUser('test@example.com', PAGE);
    const token = new URL(data?.link ?? '').searchParams.get('t') ?? '';
    expect((await enchantedLinkBed.sdk.enchantedLink.verify(token)).ok).toBe(true);
    expect((await askPending(data?.pendingRef ?? '')).status).toBe(200);
  });
});
