// The vendor's client signs in with an authenticator app, whose codes this test calculates by itself.
import { describe, expect, it } from '@jest/globals';
import { startEmulator } from 'nestjs-descope/emulator';
import { toTotpCode } from '../../support/totp-code.js';
import { useEmulator } from '../../support/use-emulator.js';

const SEED = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const bed = useEmulator({
  seed: { users: [{ loginId: 'ada@example.com' }, { loginId: 'tom@example.com', totpSeed: SEED }] },
});

const codeOf = (key: string, offsetSeconds = 0) =>
  toTotpCode(key, bed.emulator.clock.now() + offsetSeconds * 1000);

const verify = (loginId: string, code: string) => bed.sdk.totp.verify(loginId, code);

describe('An authenticator app', () => {
  // node-sdk's README: signUp gives provisioningURL, image and key; Descope's page: the first code registers the user.
  it('signs a new user up, who is there only after the first code', async () => {
    const { data } = await bed.sdk.totp.signUp('new@example.com', { name: 'New' });
    const { key = '', provisioningURL = '', image = '' } = data ?? {};
    const url = new URL(provisioningURL);
    expect([url.protocol, url.host, decodeURIComponent(url.pathname)]).toEqual([
      'otpauth:',
      'totp',
      '/Descope emulator:new@example.com',
    ]);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ secret: key, digits: '6', period: '30' });
    expect(Buffer.from(image, 'base64').subarray(1, 4).toString()).toBe('PNG');
    expect(bed.emulator.loginIds).not.toContain('new@example.com');

    const wrong = codeOf(key, 3600);
    // go-sdk's ErrInvalidOneTimeCode.
    expect((await verify('new@example.com', wrong)).error?.errorCode).toBe('E061102');
    const signedIn = await verify('new@example.com', codeOf(key));
    expect(signedIn.data).toMatchObject({
      firstSeen: true,
      user: { name: 'New', email: 'new@example.com', TOTP: true },
      claims: { amr: ['totp'] },
    });
    expect((await bed.sdk.totp.signUp('new@example.com')).error?.errorCode).toBe('E062107');
  });

  // RFC 6238, section 5.2: a code must not be accepted twice.
  it('gives a code that is good once, and the next one half a minute later', async () => {
    const code = codeOf(SEED);
    expect((await verify('tom@example.com', code)).ok).toBe(true);
    expect((await verify('tom@example.com', code)).error?.errorCode).toBe('E061102');
    bed.emulator.clock.advance(30_000);
    expect((await verify('tom@example.com', codeOf(SEED))).ok).toBe(true);
    expect((await verify('tom@example.com', codeOf(SEED, -30))).ok).toBe(false);
    bed.emulator.clock.advance(90_000);
    expect((await verify('tom@example.com', codeOf(SEED, -60))).ok).toBe(false);
    expect((await verify('tom@example.com', codeOf(SEED, -30))).ok).toBe(true);
  });

  // core-js-sdk's LoginOptions: mfa and stepup, with the refresh token of the first factor.
  it('is a second factor: the session says mfa, and steps up', async () => {
    const { refreshJwt } = await bed.emulator.signIn('tom@example.com', { amr: ['pwd'] });
    const options = { mfa: true, stepup: true };
    const { data } = await bed.sdk.totp.verify('tom@example.com', codeOf(SEED), options, refreshJwt);
    expect(data).toMatchObject({ claims: { amr: ['pwd', 'totp', 'mfa'], su: true } });
    const without = await bed.sdk.totp.verify('tom@example.com', codeOf(SEED), options);
    expect(without.error?.errorMessage).toBe('A step-up or MFA sign-in needs the refresh token');
  });

  it('is added to a user who is signed in, and replaces an earlier one with its first code', async () => {
    const { refreshJwt } = await bed.emulator.signIn('tom@example.com');
    const { key = '' } = (await bed.sdk.totp.update('tom@example.com', refreshJwt)).data ?? {};
    expect((await verify('tom@example.com', codeOf(SEED))).ok).toBe(true);
    expect((await verify('tom@example.com', codeOf(key))).ok).toBe(true);
    bed.emulator.clock.advance(30_000);
    expect((await verify('tom@example.com', codeOf(SEED))).ok).toBe(false);
    expect((await bed.sdk.totp.update('ada@example.com', refreshJwt)).error?.errorCode).toBe('E061005');
  });

  // Who asked for the key may be somebody else than who has got the login id since then.
  it('signs nobody in who has got the login id after the key was asked for', async () => {
    const { key = '' } = (await bed.sdk.totp.signUp('new@example.com')).data ?? {};
    await bed.admin.management.user.create('new@example.com', {});
    expect((await verify('new@example.com', codeOf(key))).error?.errorCode).toBe('E061102');

    const { refreshJwt } = await bed.emulator.signIn('ada@example.com');
    const added = (await bed.sdk.totp.update('ada@example.com', refreshJwt)).data;
    await bed.admin.management.user.delete('ada@example.com');
    await bed.admin.management.user.create('ada@example.com', {});
    expect((await verify('ada@example.com', codeOf(added?.key ?? ''))).error?.errorCode).toBe('E061102');
  });

  it('is removed by management, and back after a reset', async () => {
    const user = bed.admin.management.user;
    expect((await user.load('tom@example.com')).data?.TOTP).toBe(true);
    expect((await user.removeTOTPSeed('tom@example.com')).ok).toBe(true);
    expect((await user.load('tom@example.com')).data?.TOTP).toBe(false);
    expect((await verify('tom@example.com', codeOf(SEED))).error?.errorCode).toBe('E061102');
    bed.emulator.reset();
    expect((await verify('tom@example.com', codeOf(SEED))).ok).toBe(true);
  });

  it('of a seed needs a key in base32', async () => {
    await expect(startEmulator({ seed: { users: [{ loginId: 'x', totpSeed: 'short' }] } })).rejects.toThrow(
      'users[0].totpSeed must be at least 16 characters of base32',
    );
  });
});
