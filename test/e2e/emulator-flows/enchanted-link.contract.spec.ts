// The vendor's client signs in by enchanted link: one browser waits, another opens the link.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({ seed: { users: [{ loginId: 'ada@example.com' }] } });

const PAGE = 'https://app.example.com/verify';

const askPending = async (pendingRef: string) => {
  const response = await bed.request('/v1/auth/enchantedlink/pending-session', {
    method: 'POST',
    body: JSON.stringify({ pendingRef }),
    headers: { authorization: `Bearer ${bed.emulator.projectId}` },
  });
  return { status: response.status, body: (await response.json()) as { errorCode?: string } };
};

describe('an enchanted link', () => {
  it('signs in the browser that waits once the link was opened, and only once', async () => {
    const { data } = await bed.sdk.enchantedLink.signIn('ada@example.com', PAGE);
    const { link, linkId, token = '' } = bed.emulator.outbox.last('ada@example.com') ?? {};
    expect(data).toMatchObject({ linkId, pendingRef: expect.any(String), maskedEmail: 'a****@e****' });
    expect(link).toBe(`${PAGE}?t=${token}`);
    const { pendingRef = '' } = data ?? {};
    expect(await askPending(pendingRef)).toMatchObject({ status: 401, body: { errorCode: 'E062503' } });
    expect((await bed.sdk.enchantedLink.verify(token)).ok).toBe(true);
    const waited = await bed.sdk.enchantedLink.waitForSession(pendingRef, {
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
    await bed.sdk.enchantedLink.signUp('new@example.com', PAGE, { name: 'New' });
    await bed.sdk.enchantedLink.signUpOrIn('other@example.com', PAGE);
    for (const loginId of ['new@example.com', 'other@example.com']) {
      const token = bed.emulator.outbox.last(loginId)?.token ?? '';
      expect((await bed.sdk.enchantedLink.verify(token)).ok).toBe(true);
      expect((await bed.sdk.enchantedLink.verify(token)).error?.errorCode).toBe('E061005');
    }
    expect((await bed.sdk.enchantedLink.signUp('ada@example.com', PAGE)).error?.errorCode).toBe('E062107');
    expect((await bed.sdk.enchantedLink.signIn('who@example.com', PAGE)).error?.errorCode).toBe('E062108');
  });

  it('is rejected when it comes late, or to the door of magic links', async () => {
    const { data } = await bed.sdk.enchantedLink.signIn('ada@example.com', PAGE);
    const token = bed.emulator.outbox.last()?.token ?? '';
    expect((await bed.sdk.magicLink.verify(token)).error?.errorCode).toBe('E061005');
    bed.emulator.clock.advance(181_000);
    expect((await bed.sdk.enchantedLink.verify(token)).error?.errorCode).toBe('E061005');
    expect((await askPending(data?.pendingRef ?? '')).body.errorCode).toBe('E061005');
  });

  it('is generated for a test user', async () => {
    const { user } = bed.admin.management;
    await user.createTestUser('test@example.com', { email: 'test@example.com' });
    const { data } = await user.generateEnchantedLinkForTestUser('test@example.com', PAGE);
    const token = new URL(data?.link ?? '').searchParams.get('t') ?? '';
    expect((await bed.sdk.enchantedLink.verify(token)).ok).toBe(true);
    expect((await askPending(data?.pendingRef ?? '')).status).toBe(200);
  });
});
