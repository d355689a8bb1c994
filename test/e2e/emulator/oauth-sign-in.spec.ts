// Social sign-in with the vendor's client: a person goes to the page that plays the provider, and comes back with a code.
import { describe, expect, it } from '@jest/globals';
import { answerProvider, codeOf, errorOf } from '../../support/provider-page.js';
import { useEmulator } from '../../support/use-emulator.js';

const APP = 'https://app.example.com/callback';
const ADA = 'ada@example.com';
const bed = useEmulator({
  seed: {
    users: [
      { loginId: ADA, userId: 'U2ada', name: 'Ada', roles: ['admin'] },
      { loginId: 'off@example.com', status: 'disabled' },
      { loginId: 'grace', email: 'grace@example.com', tenants: [{ tenantId: 'acme' }] },
    ],
  },
});

type Options = Parameters<typeof bed.sdk.oauth.start>[2];

async function start(provider = 'google', options?: Options, token?: string): Promise<string> {
  const { data, error } = await bed.sdk.oauth.start(provider, APP, options, token);
  if (!data) throw new Error(error?.errorDescription);
  return data.url;
}

/** Signs in as somebody, and returns the response of the exchange. */
async function signIn(person: Readonly<Record<string, string>>, provider = 'google') {
  const back = await answerProvider(await start(provider), person);
  return (await bed.sdk.oauth.exchange(codeOf(back))).data;
}

describe('A sign-in with an OAuth provider', () => {
  // Descope's documentation, page "Social Login (OAuth) APIs": the code comes back in the query of the redirect URL.
  it('comes back with a code, which is exchanged for the tokens of the user with that address', async () => {
    const back = await answerProvider(await start(), { email: ADA });
    expect(back.href).toMatch(/^https:\/\/app\.example\.com\/callback\?code=\w{48}$/);
    const { data, ok } = await bed.sdk.oauth.exchange(codeOf(back));
    expect(ok).toBe(true);
    expect(data).toMatchObject({
      firstSeen: false,
      user: { userId: 'U2ada', loginIds: [ADA], OAuth: { google: true }, verifiedEmail: true, name: 'Ada' },
    });
    const session = await bed.sdk.validateSession(data?.sessionJwt ?? '');
    expect(session.token).toMatchObject({ sub: 'U2ada', amr: ['oauth'], roles: ['admin'] });
  });

  it('creates an unknown user with a verified address and what the provider says of them', async () => {
    const attributes = JSON.stringify({ given_name: 'Lin', picture: 'https://pic.example/l', sub: '4711' });
    const data = await signIn({ email: 'lin@example.com', name: 'Lin Wu', attributes }, 'github');
    expect(data).toMatchObject({
      firstSeen: true,
      user: {
        loginIds: ['lin@example.com'],
        email: 'lin@example.com',
        verifiedEmail: true,
        name: 'Lin Wu',
        givenName: 'Lin',
        picture: 'https://pic.example/l',
        OAuth: { github: true },
        SAML: false,
      },
    });
    const again = await signIn({ email: 'lin.wu@example.com', attributes }, 'github');
    expect(again).toMatchObject({ firstSeen: false, user: { userId: data?.user?.userId } });
  });

  it('adds a provider to those that the user has signed in with', async () => {
    await signIn({ email: ADA }, 'google');
    await signIn({ email: ADA }, 'microsoft');
    const { data } = await bed.admin.management.user.load(ADA);
    expect(data?.OAuth).toEqual({ google: true, microsoft: true });
  });

  it('finds a user by a verified address that is no login id', async () => {
    expect(await signIn({ email: 'grace@example.com' })).toMatchObject({ user: { loginIds: ['grace'] } });
  });

  it('takes nobody over with an address that the provider has not verified', async () => {
    const data = await signIn({ email: ADA, unverified: 'on' }, 'discord');
    expect(data?.user).toMatchObject({ email: ADA, verifiedEmail: false, roleNames: [] });
    expect(data?.user?.userId).not.toBe('U2ada');
    expect(data?.user?.loginIds).toEqual([expect.stringMatching(/^discord-\w+$/)]);
  });

  it.each(['apple', 'discord', 'facebook', 'github', 'gitlab', 'google', 'linkedin', 'microsoft', 'slack'])(
    'is possible with %s without any configuration',
    async (provider) => {
      expect((await signIn({ email: ADA }, provider))?.user?.userId).toBe('U2ada');
    },
  );

  it('carries the login options: claims of the caller, a tenant, an end of other sessions', async () => {
    const options = { customClaims: { cart: 7 }, tenantId: 'acme', revokeOtherSessions: true };
    const earlier = await bed.emulator.signIn('grace');
    const back = await answerProvider(await start('google', options), { email: 'grace@example.com' });
    const { data } = await bed.sdk.oauth.exchange(codeOf(back));
    expect(data?.claims).toMatchObject({ nsec: { cart: 7 }, dct: 'acme' });
    expect((await bed.sdk.refresh(earlier.refreshJwt)).error?.errorCode).toBe('E064001');
  });

  it('is a second factor with the refresh token of the first', async () => {
    const first = await bed.emulator.signIn(ADA, { amr: ['pwd'] });
    const url = await start('google', { mfa: true }, first.refreshJwt);
    const { data } = await bed.sdk.oauth.exchange(codeOf(await answerProvider(url, { email: ADA })));
    expect(data?.claims.amr).toEqual(['pwd', 'oauth', 'mfa']);
  });

  it('is an audit event with the method oauth, and so are the user that it creates and a rejected code', async () => {
    await signIn({ email: 'new@example.com' });
    await bed.sdk.oauth.exchange('wrong');
    const { data } = await bed.admin.management.audit.search({ methods: ['oauth'] });
    expect(data?.map(({ action }) => action).sort()).toEqual(['LoginFailed', 'LoginSucceed']);
    const created = await bed.admin.management.audit.search({ actions: ['UserCreated'] });
    expect(created.data).toMatchObject([{ loginIds: ['new@example.com'] }]);
  });
});

describe('The code of an OAuth sign-in', () => {
  it('is accepted once', async () => {
    const code = codeOf(await answerProvider(await start(), { email: ADA }));
    expect((await bed.sdk.oauth.exchange(code)).ok).toBe(true);
    expect(await bed.sdk.oauth.exchange(code)).toMatchObject({ ok: false, code: 401 });
  });

  it('expires', async () => {
    const code = codeOf(await answerProvider(await start(), { email: ADA }));
    bed.emulator.clock.advance(bed.emulator.settings.codeSeconds * 1000);
    expect(await bed.sdk.oauth.exchange(code)).toMatchObject({
      ok: false,
      error: { errorCode: 'E061005', errorMessage: expect.stringContaining('expired') },
    });
  });

  it('is not accepted by the exchange of SSO, and not after a reset', async () => {
    const code = codeOf(await answerProvider(await start(), { email: ADA }));
    expect((await bed.sdk.sso.exchange(code)).ok).toBe(false);
    const other = codeOf(await answerProvider(await start(), { email: ADA }));
    bed.emulator.reset();
    expect((await bed.sdk.oauth.exchange(other)).ok).toBe(false);
  });
});

// The variants of the other SDKs: descope-java, Routes; descope-dotnet; go-sdk, `oauth.UpdateUser`.
describe('The variants of the start', () => {
  const post = async (variant: string, token = '') => {
    const query = new URLSearchParams({ provider: 'google', redirectURL: APP });
    const authorization = `Bearer ${[bed.emulator.projectId, token].filter(Boolean).join(':')}`;
    const path = `/v1/auth/oauth/authorize/${variant}?${query.toString()}`;
    const response = await bed.request(path, { method: 'POST', headers: { authorization }, body: '{}' });
    return { status: response.status, body: (await response.json()) as { readonly url: string } };
  };

  it('signin comes back with an error for an unknown user, and creates none', async () => {
    const back = await answerProvider((await post('signin')).body.url, { email: 'nobody@example.com' });
    expect(errorOf(back)).toBe('User not found');
    expect(bed.emulator.loginIds).not.toContain('nobody@example.com');
    const known = await answerProvider((await post('signin')).body.url, { email: ADA });
    expect((await bed.sdk.oauth.exchange(codeOf(known))).ok).toBe(true);
  });

  it('signup comes back with an error for a user who exists', async () => {
    expect(errorOf(await answerProvider((await post('signup')).body.url, { email: ADA }))).toBe(
      'User already exists',
    );
  });

  it('update adds the provider to the signed-in user, and needs the refresh token', async () => {
    expect((await post('update')).status).toBe(401);
    const { refreshJwt } = await bed.emulator.signIn(ADA);
    const back = await answerProvider((await post('update', refreshJwt)).body.url, {
      email: 'a@other.example',
    });
    const { data } = await bed.sdk.oauth.exchange(codeOf(back));
    expect(data?.user).toMatchObject({ userId: 'U2ada', email: ADA, OAuth: { google: true } });
    expect((await signIn({ email: 'a@other.example' }))?.user?.userId).toBe('U2ada');
  });

  it('update comes back with an error for the account of another user', async () => {
    const { refreshJwt } = await bed.emulator.signIn(ADA);
    const url = (await post('update', refreshJwt)).body.url;
    expect(errorOf(await answerProvider(url, { email: 'grace@example.com' }))).toContain('another user');
  });
});

describe('A person who may not come in', () => {
  it('comes back with an error after cancelling, and without a code', async () => {
    const back = await answerProvider(await start(), { decision: 'cancel' });
    expect(back.searchParams.get('code')).toBeNull();
    expect(errorOf(back)).toMatch(/^access_denied/);
  });

  it('comes back with an error if they are disabled, and that is an audit event', async () => {
    expect(errorOf(await answerProvider(await start(), { email: 'off@example.com' }))).toBe(
      'The user is disabled',
    );
    const { data } = await bed.admin.management.audit.search({ actions: ['LoginFailed'] });
    expect(data).toMatchObject([{ method: 'oauth', loginIds: ['off@example.com'] }]);
  });
});
