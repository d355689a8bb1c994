// The page that plays a provider: what it shows, whom it answers, and where it sends a browser.
import { describe, expect, it } from '@jest/globals';
import { answerProvider, codeOf, errorOf } from '../../support/provider-page.js';
import { useEmulator } from '../../support/use-emulator.js';

const APP = 'https://app.example.com/callback';
const bed = useEmulator({
  seed: {
    users: [
      { loginId: 'ada@example.com', name: 'Ada <b>' },
      { loginId: 'off@example.com', status: 'disabled' },
    ],
    tenants: [{ id: 'acme', name: 'Acme', sso: { attributeMapping: { group: 'memberOf' } } }],
    oauth: {
      redirectUrl: 'https://app.example.com/default',
      providers: [
        {
          name: 'spotify',
          displayName: 'Spotify',
          attributeMapping: { loginId: 'id', customAttributes: { plan: 'product' } },
        },
      ],
    },
    approvedDomains: ['app.example.com', '*.preview.example.com', 'localhost'],
  },
});

async function start(provider = 'google', redirectUrl: string | undefined = APP, hint?: string) {
  const { data, error } = await bed.sdk.oauth.start(provider, redirectUrl, undefined, undefined, hint);
  if (!data) throw new Error(`${error?.errorCode} ${error?.errorMessage}`);
  return data.url;
}

const withPrompt = async (query: string) => {
  const headers = { authorization: `Bearer ${bed.emulator.projectId}` };
  const path = `/v1/auth/oauth/authorize?provider=google&redirectURL=${encodeURIComponent(APP)}&${query}`;
  const response = await bed.request(path, { method: 'POST', headers, body: '{}' });
  return ((await response.json()) as { readonly url: string }).url;
};

describe('The page of a provider', () => {
  it('names the provider and the users of the project, escaped, and fills in the hint', async () => {
    const response = await fetch(await start('google', APP, 'hint@example.com'));
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(html).toContain('<h1>Sign in with Google</h1>');
    expect(html).toContain('Ada &#60;b&#62;');
    expect(html).toContain('value="hint@example.com"');
    expect(html).not.toContain('<script');
  });

  it('is framed, read and scripted by nobody', async () => {
    const foreign = await fetch(await start(), { headers: { origin: 'https://evil.example' } });
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    const response = await fetch(await start());
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("form-action 'self' https://app.example.com");
    expect(policy).toContain("frame-ancestors 'none'");
    // A host name may contain what divides directives.
    const odd = await fetch(await start('google', 'https://a;sandbox.preview.example.com/'));
    expect(odd.headers.get('content-security-policy')).toContain(
      "form-action 'self' https:; frame-ancestors",
    );
  });

  it('takes no form of another site', async () => {
    const url = await start();
    const form = { method: 'POST', body: new URLSearchParams({ email: 'ada@example.com' }) };
    const send = (headers: Readonly<Record<string, string>>) =>
      fetch(url, { ...form, headers, redirect: 'manual' });
    expect((await send({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await send({ origin: 'https://evil.example' })).status).toBe(403);
    // As a browser sends the form of the page itself.
    expect((await send({ origin: bed.emulator.url, 'sec-fetch-site': 'same-origin' })).status).toBe(303);
  });

  it('asks again after a mistake, and keeps what was written', async () => {
    const url = await start();
    for (const [form, mistake] of [
      [{ email: 'nobody', name: 'Kept' }, 'Enter an e-mail address'],
      [{ email: 'a@example.com', name: 'Kept', attributes: '{' }, 'The attributes are not valid JSON'],
      [{ email: 'a@example.com', name: 'Kept', attributes: '[]' }, 'The attributes must be an object'],
    ] as const) {
      const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
      expect(response.status).toBe(400);
      const html = await response.text();
      expect(html).toContain(mistake);
      expect(html).toContain('value="Kept"');
    }
  });

  it('takes no attributes that are nested too deeply', async () => {
    const attributes = `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    const body = new URLSearchParams({ email: 'ada@example.com', attributes });
    const response = await fetch(await start(), { method: 'POST', body });
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('The attributes are nested too deeply'),
    ]);
  });

  it('is answered once, and expires', async () => {
    const url = await start();
    await answerProvider(url, { email: 'ada@example.com' });
    expect((await fetch(url)).status).toBe(400);
    const later = await start();
    bed.emulator.clock.advance(11 * 60_000);
    expect((await fetch(later)).status).toBe(400);
  });

  it('of SSO names the tenant, and the attribute of groups', async () => {
    const { data } = await bed.sdk.sso.start('acme', APP);
    const html = await (await fetch(data?.url ?? '')).text();
    expect(html).toContain('<h1>Sign in to Acme</h1>');
    expect(html).toContain('<code>memberOf</code>');
  });

  it('is skipped with prompt=none and a hint that names a user', async () => {
    const url = await withPrompt('prompt=none&loginHint=ada@example.com');
    const response = await fetch(url, { redirect: 'manual' });
    const code = codeOf(new URL(response.headers.get('location') ?? ''));
    expect((await bed.sdk.oauth.exchange(code)).data?.user?.email).toBe('ada@example.com');
    const nobody = await fetch(await withPrompt('prompt=none'), { redirect: 'manual' });
    expect(errorOf(new URL(nobody.headers.get('location') ?? ''))).toMatch(/^login_required/);
  });
});

describe('Where a sign-in with a provider goes back to', () => {
  it('is the default of the project if the start does not say it', async () => {
    const { data } = await bed.sdk.oauth.start('google');
    expect((await answerProvider(data?.url ?? '', { email: 'ada@example.com' })).pathname).toBe('/default');
  });

  it('keeps its query and its fragment', async () => {
    const url = await start('google', 'https://x.preview.example.com/cb?a=b%20c#part');
    const back = await answerProvider(url, { email: 'ada@example.com' });
    expect(back.href).toMatch(/^https:\/\/x\.preview\.example\.com\/cb\?a=b%20c&code=\w+#part$/);
  });

  // Descope's documentation, page "Social Login (OAuth) APIs": a URL must be in the approved domains.
  it.each([
    ['another domain', 'https://evil.example/cb', 'approved domain'],
    ['no URL', '/callback', 'not an absolute URI'],
    ['a script', 'javascript:alert(1)', 'scheme javascript'],
  ])('is not %s', async (_what, url, message) => {
    await expect(start('google', url)).rejects.toThrow(message);
  });
});

describe('A provider of the seed', () => {
  it('fills the fields of the user that its mapping names', async () => {
    const attributes = JSON.stringify({ id: 'sp-77', product: 'premium' });
    const back = await answerProvider(await start('spotify'), { email: 'x@example.com', attributes });
    const { data } = await bed.sdk.oauth.exchange(codeOf(back));
    expect(data?.user).toMatchObject({
      loginIds: ['sp-77'],
      email: 'x@example.com',
      customAttributes: { plan: 'premium' },
      OAuth: { spotify: true },
    });
  });

  it('is unknown under another name, and the error lists those that there are', async () => {
    await expect(start('myspace')).rejects.toThrow(/^E011003 .*no OAuth provider myspace.*spotify/);
  });
});
