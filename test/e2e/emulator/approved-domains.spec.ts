// Links and redirects go to the domains alone that the project approves.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
  seed: {
    users: [{ loginId: 'ada@example.com' }, { loginId: 't@example.com', test: true }],
    approvedDomains: ['app.example.com'],
  },
});
const APPROVED = 'https://app.example.com/verify';
const FOREIGN = 'https://app.example.com.evil.example/verify';
type Ask = (page: string) => Promise<{ readonly ok: boolean; readonly error?: { errorMessage?: string } }>;

const ASKS: readonly (readonly [what: string, ask: Ask])[] = [
  ['magic link', (page) => bed.sdk.magicLink.signIn.email('ada@example.com', page)],
  ['magic link of a sign-up', (page) => bed.sdk.magicLink.signUpOrIn.email('new@example.com', page)],
  ['enchanted link', (page) => bed.sdk.enchantedLink.signIn('ada@example.com', page)],
  ['link that resets a password', (page) => bed.sdk.password.sendReset('ada@example.com', page)],
  [
    'magic link for a test user',
    (page) => bed.admin.management.user.generateMagicLinkForTestUser('email', 't@example.com', page),
  ],
  [
    'enchanted link for a test user',
    (page) => bed.admin.management.user.generateEnchantedLinkForTestUser('t@example.com', page),
  ],
  ['sign-in with a provider', (page) => bed.sdk.oauth.start.google(page)],
];

describe('Where the project approves domains, another one is not the target of', () => {
  it.each(ASKS)('a %s', async (_what, ask) => {
    for (const page of [FOREIGN, 'javascript:alert(1)', '/verify']) {
      const rejected = await ask(page);
      expect([rejected.ok, rejected.error?.errorMessage]).toEqual([
        false,
        expect.stringContaining('The redirect URL'),
      ]);
    }
    expect(bed.emulator.outbox.all).toEqual([]);
    expect((await ask(APPROVED)).ok).toBe(true);
  });

  it('a link that a flow sends, and its screen says why', async () => {
    const start = async (location: string) => {
      const response = await bed.request('/v1/flow/start', {
        method: 'POST',
        headers: { authorization: `Bearer ${bed.emulator.projectId}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          flowId: 'sign-up-or-in',
          interactionId: 'btnLink',
          input: { email: 'ada@example.com' },
          options: { location },
        }),
      });
      return (await response.json()) as { screen: { id: string; state: { errorText?: string } } };
    };
    const rejected = await start(FOREIGN);
    expect(rejected.screen.state.errorText).toContain('not in an approved domain: app.example.com');
    expect(bed.emulator.outbox.all).toEqual([]);
    expect((await start(APPROVED)).screen.id).toBe('sent');
  });

  it('no link that names none', async () => {
    expect((await bed.sdk.password.sendReset('ada@example.com')).ok).toBe(true);
    expect(bed.emulator.outbox.last()?.link).toMatch(`${bed.emulator.url}/verify?t=`);
  });
});
