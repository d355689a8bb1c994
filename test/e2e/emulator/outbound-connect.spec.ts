// A user connects to an outbound app through the page of the emulator that plays the service.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
  seed: {
    users: [{ loginId: 'ada@example.com', tenants: [{ tenantId: 'acme' }] }, { loginId: 'eve@example.com' }],
    outboundApps: [{ id: 'calendar', name: 'Calendar <b>', scopes: ['read'] }],
    approvedDomains: ['app.example'],
    inboundApps: [{ name: 'agent', scopes: ['outbound.token.fetch'] }],
  },
});

const outbound = () => bed.admin.management.outboundApplication;
const redirectUrl = 'https://app.example/back?tab=2';

/** Starts as core-js-sdk's `outbound.connect` does. */
async function start(options: object = {}, loginId = 'ada@example.com') {
  const { refreshJwt, userId } = await bed.emulator.signIn(loginId);
  const sent = { redirectUrl, ...options };
  const { data, code } = await bed.sdk.outbound.connect('calendar', sent, refreshJwt);
  return { url: data?.url ?? '', code, userId };
}

async function answer(url: string, decision: string, ticket = url.split('/').at(-1) ?? '') {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ ticket, decision }),
  });
  return { status: response.status, location: response.headers.get('location') };
}

describe('connecting a user', () => {
  it('shows who connects to what, and gives a token after the answer', async () => {
    const { url, userId } = await start({ scopes: ['read', 'write'] });
    const page = await (await fetch(url)).text();
    expect(page).toContain('ada@example.com');
    expect(page).toContain('<code>write</code>');
    expect(page).not.toContain('<b>');
    expect(await answer(url, 'allow')).toEqual({ status: 303, location: redirectUrl });
    const { data } = await outbound().fetchToken('calendar', userId);
    expect(data).toMatchObject({ scopes: ['read', 'write'], grantedBy: userId, hasRefreshToken: true });
    expect((await answer(url, 'allow')).status).toBe(400);
  });

  it('gives none where it is denied, or the page was open for too long', async () => {
    const { url, userId } = await start();
    expect(await answer(url, 'deny')).toEqual({
      status: 303,
      location: `${redirectUrl}&error=access_denied`,
    });
    const late = await start();
    bed.emulator.clock.advance(11 * 60 * 1000);
    expect((await answer(late.url, 'allow')).status).toBe(400);
    expect((await answer(late.url, 'allow', 'another')).status).toBe(400);
    expect((await outbound().fetchToken('calendar', userId)).code).toBe(404);
  });

  it('may be for a tenant of the user, and for no other', async () => {
    const { url } = await start({ tenantId: 'acme', tenantLevel: true });
    await answer(url, 'allow');
    expect((await outbound().fetchTenantToken('calendar', 'acme')).data).toMatchObject({ scopes: ['read'] });
    expect((await start({ tenantId: 'acme' }, 'eve@example.com')).code).toBe(400);
  });

  it('needs the refresh token of the user, and a URL of the web to come back to', async () => {
    const { sessionJwt } = await bed.emulator.signIn('ada@example.com');
    expect((await bed.sdk.outbound.connect('calendar', { redirectUrl }, sessionJwt)).code).toBe(401);
    expect((await start({ redirectUrl: 'javascript:alert(1)' })).code).toBe(400);
    expect((await start({ redirectUrl: 'https://app.example@evil.example/' })).code).toBe(400);
    expect((await start({ redirectUrl: 'https://evil.example/' })).code).toBe(400); // not approved
  });

  // "Adaptive connect", which agents call where fetching answers 404.
  it('starts with the token of an inbound app or with the management key, too', async () => {
    const token = await bed.emulator.issueAppToken({
      onBehalfOf: 'ada@example.com',
      scopes: ['outbound.token.fetch'],
    });
    const ask = async (credential: string, body: object) => {
      const headers = {
        authorization: `Bearer ${bed.emulator.projectId}:${credential}`,
        'content-type': 'application/json',
      };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      const response = await bed.request('/v1/mgmt/outbound/app/connect', init);
      return (await response.json()) as { readonly url?: string; readonly errorMessage?: string };
    };
    const wishes = { appId: 'calendar', options: { redirectUrl } };
    const { url = '' } = await ask(token, wishes);
    expect((await answer(url, 'allow')).status).toBe(303);
    const { userId } = await bed.emulator.signIn('ada@example.com');
    expect((await outbound().fetchToken('calendar', userId)).ok).toBe(true);
    const userIdOf = { ...wishes, userId: 'eve@example.com' };
    expect((await ask(bed.emulator.managementKey, userIdOf)).url).toContain('/emulator/outbound/');
    expect(await ask(token, userIdOf)).toMatchObject({
      errorMessage: expect.stringContaining('not of the user'),
    });
  });
});
