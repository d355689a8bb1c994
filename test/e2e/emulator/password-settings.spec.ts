// Password settings of the project and of tenants are read back, and act on every way to set or use a password.
import { describe, expect, it } from '@jest/globals';
import { startEmulator } from 'nestjs-descope/emulator';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
  seed: {
    users: [
      { loginId: 'ada@example.com', password: 'Correct-horse-1' },
      { loginId: 'tom@example.com', password: 'Correct-horse-1', tenants: [{ tenantId: 'acme' }] },
    ],
    tenants: [{ id: 'acme', passwordSettings: { minLength: 12 } }, { id: 'globex' }],
  },
});

const DAY_MS = 24 * 60 * 60 * 1000;
const settings = () => bed.admin.management.password;
const user = () => bed.admin.management.user;

/** The fields of node-sdk's type `PasswordSettings`. */
const EASY = {
  enabled: true,
  minLength: 8,
  lowercase: false,
  uppercase: false,
  number: false,
  nonAlphaNumeric: false,
  expiration: false,
  expirationWeeks: 0,
  reuse: false,
  reuseAmount: 0,
  lock: false,
  lockAttempts: 0,
};
const STRICT = {
  ...EASY,
  minLength: 10,
  lowercase: true,
  uppercase: true,
  number: true,
  nonAlphaNumeric: true,
};

describe('Password settings', () => {
  it('are read back as they were set, for the project and for each tenant', async () => {
    expect((await settings().getSettings('')).data).toMatchObject(EASY);
    await settings().configureSettings('', { ...EASY, minLength: 9 });
    await settings().configureSettings('globex', STRICT);
    expect((await settings().getSettings('')).data).toMatchObject({ ...EASY, minLength: 9 });
    expect((await settings().getSettings('globex')).data).toMatchObject(STRICT);
    // go-sdk's `PasswordSettings` spells it so.
    expect((await settings().getSettings('globex')).data).toHaveProperty('nonAlphanumeric', true);
    expect((await settings().getSettings('acme')).data).toMatchObject({ minLength: 12 });
    bed.emulator.configure({ strict: true });
    expect((await settings().getSettings('globex')).data).toMatchObject(STRICT);
    expect((await settings().getSettings('nowhere')).error?.errorMessage).toBe('There is no tenant nowhere');
    bed.emulator.reset();
    expect((await settings().getSettings('')).data).toMatchObject(EASY);
  });

  it('are rejected where a number makes no sense', async () => {
    const messageOf = async (changes: object) =>
      (await settings().configureSettings('', { ...EASY, ...changes })).error?.errorMessage;
    expect(await messageOf({ minLength: 65 })).toBe('minLength must be a whole number from 1 to 64, got 65');
    expect(await messageOf({ lock: true })).toBe('lockAttempts must be a whole number from 1 to 100, got 0');
    await expect(startEmulator({ seed: { passwordSettings: { reuse: true } } })).rejects.toThrow(
      'passwordSettings.reuseAmount must be a whole number from 1 to 50, got 0',
    );
  });

  // python-sdk, tests/e2e/test_password.py: too short, and without a character beyond letters and numbers.
  it('reject a password that breaks a rule at sign-up, replacement, update and management', async () => {
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com');
    await settings().configureSettings('', STRICT);
    expect((await bed.sdk.password.policy()).data).toEqual({
      minLength: 10,
      lowercase: true,
      uppercase: true,
      number: true,
      nonAlphanumeric: true,
    });
    const weak = 'Aaa4567890';
    const results = [
      await bed.sdk.password.signUp('new@example.com', weak),
      await bed.sdk.password.replace('ada@example.com', 'Correct-horse-1', weak),
      await bed.sdk.password.update('ada@example.com', weak, refreshJwt),
      await user().setActivePassword('ada@example.com', weak),
      await user().setTemporaryPassword('ada@example.com', weak),
    ];
    const message = 'A password has a character that is no letter or number';
    expect(results.map(({ error }) => [error?.errorCode, error?.errorMessage])).toEqual(
      results.map(() => ['E011003', message]),
    );
    expect((await bed.sdk.password.signUp('new@example.com', '!')).error?.errorMessage).toBe(
      'A password has at least 10 characters, a lowercase letter, an uppercase letter, a number',
    );
    expect((await bed.sdk.password.signUp('new@example.com', `Aa1!${'x'.repeat(61)}`)).ok).toBe(false);
    expect((await bed.sdk.password.signUp('new@example.com', 'Aa1!567890')).ok).toBe(true);
  });

  it('of a tenant count for the sign-up in it, and for a user who belongs to it alone', async () => {
    const { refreshJwt } = await bed.emulator.signIn('tom@example.com');
    expect(
      (await bed.sdk.password.update('tom@example.com', 'ten-chars!', refreshJwt)).error?.errorMessage,
    ).toBe('A password has at least 12 characters');
    expect((await bed.sdk.password.update('tom@example.com', 'twelve-chars', refreshJwt)).ok).toBe(true);
    expect((await bed.sdk.password.replace('ada@example.com', 'Correct-horse-1', 'ten-chars!')).ok).toBe(
      true,
    );
  });

  it('let a password expire after its weeks, until it is replaced', async () => {
    await settings().configureSettings('', { ...EASY, expiration: true, expirationWeeks: 2 });
    const signIn = (password: string) => bed.sdk.password.signIn('ada@example.com', password);
    bed.emulator.clock.advance(13 * DAY_MS);
    expect((await signIn('Correct-horse-1')).ok).toBe(true);
    bed.emulator.clock.advance(1 * DAY_MS);
    // go-sdk's ErrPasswordExpired.
    expect((await signIn('Correct-horse-1')).error?.errorCode).toBe('E062909');
    expect((await bed.sdk.password.replace('ada@example.com', 'Correct-horse-1', 'Correct-horse-2')).ok).toBe(
      true,
    );
    expect((await signIn('Correct-horse-2')).ok).toBe(true);
  });

  it('reject the latest passwords, and accept older ones', async () => {
    await settings().configureSettings('', { ...EASY, reuse: true, reuseAmount: 2 });
    const replace = async (from: string, to: string) =>
      (await bed.sdk.password.replace('ada@example.com', from, to)).error?.errorMessage;
    expect(await replace('Correct-horse-1', 'Correct-horse-1')).toBe('The password was used before');
    expect(await replace('Correct-horse-1', 'Correct-horse-2')).toBeUndefined();
    expect(await replace('Correct-horse-2', 'Correct-horse-1')).toBe('The password was used before');
    expect(await replace('Correct-horse-2', 'Correct-horse-3')).toBeUndefined();
    expect(await replace('Correct-horse-3', 'Correct-horse-1')).toBeUndefined();
  });

  // Descope's page on audit events: LoginExceedMaxAttempts disables the user.
  it('lock a user after too many wrong passwords in a row, until management activates the user', async () => {
    await settings().configureSettings('', { ...EASY, lock: true, lockAttempts: 3 });
    const signIn = async (password: string) =>
      (await bed.sdk.password.signIn('ada@example.com', password)).ok;
    expect([await signIn('wrong'), await signIn('wrong')]).toEqual([false, false]);
    expect(await signIn('Correct-horse-1')).toBe(true);
    expect([await signIn('wrong'), await signIn('wrong'), await signIn('wrong')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(await signIn('Correct-horse-1')).toBe(false);
    expect((await user().load('ada@example.com')).data?.status).toBe('disabled');
    const { data } = await bed.admin.management.audit.search({ actions: ['LoginExceedMaxAttempts'] });
    expect(data).toMatchObject([{ loginIds: ['ada@example.com'] }]);
    await user().activate('ada@example.com');
    expect([await signIn('wrong'), await signIn('Correct-horse-1')]).toEqual([false, true]);
  });

  it('that are off reject sign-ins and sign-ups with passwords', async () => {
    await settings().configureSettings('', { ...EASY, enabled: false });
    const message = 'Signing in with passwords is disabled';
    expect((await bed.sdk.password.signIn('ada@example.com', 'Correct-horse-1')).error?.errorMessage).toBe(
      message,
    );
    expect((await bed.sdk.password.signUp('new@example.com', 'Correct-horse-1')).error?.errorMessage).toBe(
      message,
    );
  });
});

describe('A password that was forgotten', () => {
  // node-sdk's README: sendReset, then verify the link, then update.
  it('is set anew through the link of a reset', async () => {
    const sent = await bed.sdk.password.sendReset('ada@example.com', 'https://app.test/reset');
    expect(sent.data).toMatchObject({ resetMethod: 'magiclink', maskedEmail: 'a****@e****' });
    const { token = '', link } = bed.emulator.outbox.last('ada@example.com') ?? {};
    expect(link).toBe(`https://app.test/reset?t=${token}`);
    const { data } = await bed.sdk.magicLink.verify(token);
    expect((await bed.sdk.password.update('ada@example.com', 'New-horse-1', data?.refreshJwt)).ok).toBe(true);
    expect((await bed.sdk.password.signIn('ada@example.com', 'New-horse-1')).ok).toBe(true);
    expect((await bed.sdk.magicLink.verify(token)).ok).toBe(false);
  });
});
